package directory

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/mnm-social/mnm/exporter/outbound"
)

// instancesSocialURL lists what instances.social knows, by its own id and so in the same order every time.
//
// Down instances and those with closed registrations are asked for (both are the default, but defaults change): whether
// one answers is for our own visits to say. Dead ones, silent for two weeks and more, are not: they would never be
// forgotten here while they are listed there, and many of their domains belong to strangers by now, who should not be
// visited. One that comes back is listed again. Any parameter that the API does not know is a 400.
// Source: https://instances.social/api/doc/ and controllers/api/v1 in https://github.com/TheKinrar/instances (2023-10).
const instancesSocialURL = "https://instances.social/api/1.0/instances/list" +
	"?count=1000&include_closed=true&include_dead=false&include_down=true"

const (
	instancesSocialLimit = 16 << 20 // bytes of a page of 1000; an entry with a long description has some 4 KiB
	instancesSocialPages = 100      // the list had 17 in 2025, and MaxNames is reached after 50 full ones
	instancesSocialID    = 128      // bytes of an id; they were 24
)

// InstancesSocial reads the list of https://instances.social with the token that it gives to who asks for one. token is
// called once and its value goes nowhere but into the requests' Authorization, never into an error.
//
// The pages are asked one after the other, at most 100 of them; ctx bounds them all together. If one fails, all do:
// half of a list would look as if the other half was gone. ReasonToken is an answer of 401 or 403, and the 400 that
// instances.social itself gives to a token that it does not know.
func InstancesSocial(ctx context.Context, get Get, token func() (string, error)) (Listing, error) {
	secret, err := bearer(token)
	if err != nil {
		return Listing{}, fail(ReasonToken, "the token of instances.social: %w", err)
	}
	names, err := instancesSocial(ctx, get, secret)
	if err != nil {
		return Listing{}, err
	}
	l := Parse(names)
	if len(l.Names) == 0 {
		return l, fail(ReasonEmpty, "reading instances.social: no usable name in %d entries", len(names))
	}
	return l, nil
}

// bearer is the token, if a header can carry it.
func bearer(token func() (string, error)) (string, error) {
	secret, err := token()
	if err != nil {
		return "", err
	}
	secret = strings.TrimSpace(secret) // a file ends with a newline
	if secret == "" {
		return "", fmt.Errorf("there is none")
	}
	if len(secret) > 1024 || strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("it has %d bytes, spaces or characters that are no printable ASCII", len(secret))
	}
	return secret, nil
}

// instancesSocial takes the names of all pages.
func instancesSocial(ctx context.Context, get Get, secret string) ([]string, error) {
	var names []string
	asked := map[string]bool{}
	for id := ""; ; {
		asked[id] = true
		page, next, err := instancesSocialPage(ctx, get, secret, id, MaxNames-len(names))
		if err == nil && asked[next] && next != "" {
			err = fail(ReasonShape, "it leads back to a page that was read")
		}
		if err == nil && next != "" && len(asked) == instancesSocialPages {
			err = fail(ReasonShape, "the list goes on after it")
		}
		if err != nil {
			return nil, fmt.Errorf("reading instances.social, page %d: %w", len(asked), err)
		}
		names = append(names, page...)
		if next == "" || len(names) == MaxNames {
			return names, nil
		}
		id = next
	}
}

// instancesSocialPage asks for the page that begins with id, the first if that is empty. next is the id of the page
// after it, empty if there is none.
func instancesSocialPage(ctx context.Context, get Get, secret, id string, room int) (names []string, next string, err error) {
	address := instancesSocialURL
	if id != "" {
		address += "&min_id=" + url.QueryEscape(id)
	}
	resp, err := get(ctx, outbound.Request{
		Purpose: outbound.PurposeDirectory, URL: address, SameHost: true, MaxBody: instancesSocialLimit,
		Header: http.Header{"Authorization": {"Bearer " + secret}},
	})
	if err != nil {
		return nil, "", err
	}
	if refusesToken(resp) {
		return nil, "", fail(ReasonToken, "it answers %d: it does not take the token", resp.Status)
	}
	if resp.Status != http.StatusOK {
		return nil, "", fail(ReasonStatus, "it answers %d", resp.Status)
	}
	return readPage(resp.Body, room)
}

// refusesToken reports whether the answer is that the token is wrong. What it says is only looked at, never shown:
// it might repeat the token.
func refusesToken(resp *outbound.Response) bool {
	switch resp.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return true
	case http.StatusBadRequest: // {"error":{"message":"Invalid token."}}, or "Missing Authorization header."
		says := bytes.ToLower(resp.Body[:min(len(resp.Body), 1024)])
		return bytes.Contains(says, []byte("token")) || bytes.Contains(says, []byte("authorization"))
	}
	return false
}

// readPage takes the names of a page, at most room of them, and the id of the next page. Of an entry it looks at the
// name alone: the figures are those of their visits, as strings or null, and we make our own.
func readPage(body []byte, room int) (names []string, next string, err error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, "", fail(ReasonShape, "no object with instances")
	}
	var instances, pagination bool
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, "", fail(ReasonShape, "the page breaks off")
		}
		switch key {
		case "instances":
			instances = true
			page, err := readArray(dec, room-len(names), instanceName)
			if err != nil {
				return nil, "", err
			}
			if names = append(names, page...); len(names) == room {
				return names, "", nil
			}
		case "pagination":
			pagination = true
			if next, err = readNextID(dec); err != nil {
				return nil, "", err
			}
		default:
			var skipped json.RawMessage
			if err := dec.Decode(&skipped); err != nil {
				return nil, "", fail(ReasonShape, "the page breaks off")
			}
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, "", fail(ReasonShape, "the page breaks off")
	}
	if !instances || !pagination { // without the latter nobody knows whether the list is whole
		return nil, "", fail(ReasonShape, "no instances, or no pagination")
	}
	return names, next, nil
}

func instanceName(entry []byte) (string, error) {
	var instance struct {
		Name string `json:"name"`
	}
	err := json.Unmarshal(entry, &instance)
	return instance.Name, err
}

// readNextID reads the pagination. The last page has no next_id.
func readNextID(dec *json.Decoder) (string, error) {
	var pagination *struct {
		NextID json.RawMessage `json:"next_id"`
	}
	if err := dec.Decode(&pagination); err != nil || pagination == nil {
		return "", fail(ReasonShape, "no pagination")
	}
	id := string(pagination.NextID)
	if id == "" || id == "null" {
		return "", nil
	}
	// A database's id is a string today; a number would serve as well.
	var number json.Number
	if err := json.Unmarshal(pagination.NextID, &id); err != nil {
		if err := json.Unmarshal(pagination.NextID, &number); err != nil {
			return "", fail(ReasonShape, "a next_id that is none")
		}
		id = number.String()
	}
	if len(id) > instancesSocialID {
		return "", fail(ReasonShape, "a next_id of %d bytes", len(id))
	}
	return id, nil
}
