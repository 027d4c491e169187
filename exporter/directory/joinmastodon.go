package directory

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/mnm-social/mnm/exporter/outbound"
)

// joinMastodonURL answers a plain array without paging: servers that asked to be listed and take sign-ups.
const joinMastodonURL = "https://api.joinmastodon.org/servers"

// joinMastodonLimit is in bytes; the list was some 150 KiB in 2025.
const joinMastodonLimit = 16 << 20

// JoinMastodon reads the list of https://joinmastodon.org/servers.
func JoinMastodon(ctx context.Context, get Get) (Listing, error) {
	resp, err := get(ctx, outbound.Request{Purpose: outbound.PurposeDirectory, URL: joinMastodonURL, MaxBody: joinMastodonLimit})
	if err != nil {
		return Listing{}, fmt.Errorf("asking joinmastodon: %w", err)
	}
	if resp.Status != 200 {
		return Listing{}, fail(ReasonStatus, "asking joinmastodon: it answers %d", resp.Status)
	}
	names, err := readServers(resp.Body)
	if err != nil {
		return Listing{}, fmt.Errorf("reading joinmastodon: %w", err)
	}
	l := Parse(names)
	if len(l.Names) == 0 {
		return l, fail(ReasonEmpty, "reading joinmastodon: no usable name in %d entries", len(names))
	}
	return l, nil
}

// readServers takes the domain of each server.
func readServers(body []byte) ([]string, error) {
	return readArray(json.NewDecoder(bytes.NewReader(body)), MaxNames, func(entry []byte) (string, error) {
		var server struct {
			Domain string `json:"domain"`
		}
		err := json.Unmarshal(entry, &server)
		return server.Domain, err
	})
}
