package demo

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SocialToken is the bearer token that the World's instances.social takes.
const SocialToken = "demo-token"

// socialParameters are those of https://instances.social/api/1.0/instances/list. It answers 400 to all others.
var socialParameters = []string{
	"count", "min_id", "include_dead", "include_down", "include_closed", "min_users", "max_users", "min_active_users", "min_version",
	"language", "category", "supported", "prohibited", "sort_by", "sort_order",
}

// serveSocial answers for instances.social: pages of what it lists, by id. Of the parameters it heeds count and min_id: it has no
// dead ones, and neither the down nor the closed are ever left out.
func (n *Network) serveSocial(w http.ResponseWriter, r *http.Request, now time.Time) {
	n.journal.service(KindDirectory)
	if b := n.world.Social; b != Well {
		n.misbehave(w, r, b)
		return
	}
	query := r.URL.Query()
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	count, err := strconv.Atoi(query.Get("count"))
	if query.Get("count") == "" {
		count, err = 20, nil
	}
	refuse := func(why string) { writeJSON(w, http.StatusBadRequest, object{"error": object{"message": why}}) }
	switch {
	case r.URL.Path != "/api/1.0/instances/list":
		http.NotFound(w, r)
		return
	case !bearer:
		refuse("Missing Authorization header.")
		return
	case token != SocialToken:
		refuse("Invalid token.")
		return
	case err != nil || count < 0 || count > 10000:
		refuse("count must be between 0 and 10000.")
		return
	}
	for key := range query {
		if !slices.Contains(socialParameters, key) {
			refuse("Unexpected parameter " + key + ".")
			return
		}
	}
	n.socialPage(w, now, count, query.Get("min_id"))
}

// socialPage writes count entries, all if that is 0, from an id on.
func (n *Network) socialPage(w http.ResponseWriter, now time.Time, count int, id string) {
	entries, page, total, next := []object{}, []listed{}, 0, ""
	for i, m := range n.world.instances {
		st := n.world.State(i, now)
		if !st.Social {
			continue
		}
		total++
		switch this := socialID(i); {
		case this < id:
		case count > 0 && len(entries) == count:
			if next == "" {
				next = this
			}
		default:
			entries = append(entries, socialEntry(this, m.name.String(), &st, n.date(now)))
			page = append(page, listed{m.name, i})
		}
	}
	pagination := object{"total": total}
	if next != "" {
		pagination["next_id"] = next
	}
	n.journal.social(now, page, id == "", next == "")
	writeJSON(w, http.StatusOK, object{"instances": entries, "pagination": pagination})
}

// socialID is the id of an instance in the database behind the list: in the order of instances.
func socialID(i int) string { return fmt.Sprintf("58b1e3f3%016x", i+1) }

// socialEntry is an entry of the list: figures are strings, or null.
func socialEntry(id, name string, st *State, checked time.Time) object {
	figure := func(f Figure) any {
		if f.Known() {
			return strconv.FormatInt(int64(f), 10)
		}
		return nil
	}
	at := checked.UTC().Format("2006-01-02T15:04:05.000Z")
	return object{
		"id": id, "name": name, "added_at": at, "updated_at": at, "checked_at": at, "uptime": 0.99, "up": !st.Behaviour.Failing(), "dead": false,
		"version": st.serves, "ipv6": st.V6.IsValid(), "https_score": nil, "https_rank": nil, "obs_score": nil, "obs_rank": nil,
		"users": figure(st.Users), "statuses": figure(st.Statuses), "connections": figure(st.Connections), "open_registrations": st.Open,
		"info":      object{"short_description": people, "languages": []string{"en"}, "prohibited_content": []string{}},
		"thumbnail": nil, "thumbnail_proxy": nil, "active_users": figure(st.ActiveMonth), "email": nil, "admin": nil,
	}
}
