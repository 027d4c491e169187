package demo

import (
	"fmt"
	"strconv"
	"time"
)

const (
	schemaRel = "http://nodeinfo.diaspora.software/ns/schema/"
	people    = "A made-up server of a demo world; nobody lives here."
)

// wellKnown is /.well-known/nodeinfo.
func wellKnown(name string, st *State) any {
	s := &softwares[st.software]
	links := []object{{"rel": schemaRel + s.schema, "href": "https://" + name + s.nodeinfo}}
	switch {
	case s.name == "wordpress":
		links = append(links, object{"rel": "https://www.w3.org/ns/activitystreams#Application", "href": "https://" + name + "/wp-json/activitypub/1.0/application"})
	case s.schema == "2.1":
		links = append(links, object{"rel": schemaRel + "2.0", "href": "https://" + name + "/nodeinfo/2.0"})
	}
	return object{"links": links}
}

// nodeinfo is the nodeinfo document.
func nodeinfo(name string, st *State) any {
	s := &softwares[st.software]
	d := nodeinfoOf(st)
	f := figures{st.Behaviour, s.text}
	users, usage := object{}, object{}
	if !s.keeps {
		f.put(users, "total", d.Users)
		f.put(usage, "localPosts", d.Statuses)
		if s.noActive {
			if s.name == "misskey" {
				users["activeMonth"], users["activeHalfyear"] = nil, nil
			}
		} else {
			f.put(users, "activeMonth", d.Active)
			f.put(users, "activeHalfyear", d.Active)
		}
	}
	usage["users"] = users
	software := object{"name": s.name, "version": st.serves}
	if s.schema == "2.1" {
		software["repository"] = "https://" + name + "/source"
	}
	doc := object{
		"version": s.schema, "software": software, "protocols": []string{"activitypub"},
		"services": object{"inbound": []string{}, "outbound": []string{}}, "usage": usage,
		"metadata": object{"nodeName": name, "nodeDescription": people},
	}
	if st.registers != silent {
		doc["openRegistrations"] = st.Open
	}
	return doc
}

// v1 is /api/v1/instance, of Mastodon and of those who speak like it.
func v1(name string, st *State, live *Live) any {
	s := &softwares[st.software]
	f := figures{st.Behaviour, false}
	d := v1Of(st)
	uri := name
	if s.mau {
		uri = "https://" + name
	}
	doc := object{
		"uri": uri, "title": name, "short_description": people, "description": people, "email": "admin@" + name,
		"version": fmt.Sprintf(s.compat, st.serves), "urls": object{"streaming_api": streamingURL(name, live)},
		"languages": []string{"en"}, "thumbnail": "https://" + name + "/thumbnail.png", "rules": []object{{"id": "1", "text": "Be kind."}},
	}
	if !s.noStats {
		stats := object{}
		users, statuses := d.Users, d.Statuses
		if s.known && st.Users.Known() {
			users, statuses = st.Users*97+413, st.Statuses*41+9000
		}
		f.put(stats, "user_count", users)
		f.put(stats, "status_count", statuses)
		f.put(stats, "domain_count", d.Connections)
		doc["stats"] = stats
	}
	if d.Registers != silent {
		doc["registrations"] = st.Open
	}
	if d.Approval != silent {
		doc["approval_required"] = st.Approval
	}
	if s.mau {
		mau := object{}
		f.put(mau, "mau", d.Active)
		doc["pleroma"] = object{"stats": mau, "metadata": object{"features": []string{"pleroma_api", "mastodon_api"}}}
	}
	if st.Mastodon {
		if atLeast(st, 3, 1) {
			doc["invites_enabled"] = true
		}
		doc["contact_account"] = account(name)
		if atLeast(st, 3, 4) {
			doc["configuration"] = configuration()
		}
	}
	return doc
}

// v2 is /api/v2/instance.
func v2(name string, st *State, live *Live) any {
	d := v2Of(st)
	users := object{}
	figures{st.Behaviour, false}.put(users, "active_month", d.Active)
	conf := configuration()
	conf["urls"] = object{"streaming": streamingURL(name, live), "about": "https://" + name + "/about"}
	conf["translation"] = object{"enabled": false}
	if atLeast(st, 4, 5) {
		public := object{"local": "public", "remote": "public"}
		local, remote := live.Access.settings()
		conf["timelines_access"] = object{
			"live_feeds": object{"local": local, "remote": remote}, "hashtag_feeds": public, "trending_link_feeds": public,
		}
	}
	doc := object{
		"domain": name, "title": name, "version": fmt.Sprintf(softwares[st.software].compat, st.serves), "description": people,
		"source_url": "https://github.com/mastodon/mastodon", "usage": object{"users": users},
		"thumbnail": object{"url": "https://" + name + "/thumbnail.png"}, "languages": []string{"en"}, "configuration": conf,
		"contact": object{"email": "admin@" + name, "account": account(name)}, "rules": []object{{"id": "1", "text": "Be kind.", "hint": ""}},
	}
	registrations := object{"approval_required": st.Approval, "message": nil, "url": nil}
	if st.registers != silent {
		registrations["enabled"] = st.Open
	}
	doc["registrations"] = registrations
	if atLeast(st, 4, 3) {
		doc["api_versions"] = object{"mastodon": 2}
	}
	return doc
}

// streamingURL is where an instance has its streams.
func streamingURL(name string, live *Live) string {
	if live.Streaming {
		return "wss://" + streamingLabel + name
	}
	return "wss://" + name
}

func configuration() object {
	return object{
		"accounts":          object{"max_featured_tags": 10},
		"statuses":          object{"max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23},
		"media_attachments": object{"supported_mime_types": []string{"image/jpeg", "image/png"}, "image_size_limit": 16777216},
		"polls":             object{"max_options": 4, "max_characters_per_option": 50, "min_expiration": 300, "max_expiration": 2629746},
	}
}

func account(name string) object {
	avatar := "https://" + name + "/avatars/original/missing.png"
	return object{
		"id": "1", "username": "admin", "acct": "admin", "display_name": "Nobody", "locked": false, "bot": false, "discoverable": true,
		"created_at": "2022-11-20T00:00:00.000Z", "note": "<p>" + people + "</p>", "url": "https://" + name + "/@admin",
		"uri": "https://" + name + "/users/admin", "avatar": avatar, "avatar_static": avatar, "header": avatar, "header_static": avatar,
		"followers_count": 1, "following_count": 1, "statuses_count": 1, "last_status_at": "2022-11-20", "emojis": []object{}, "fields": []object{},
	}
}

// activity is /api/v1/instance/activity: twelve weeks, the running one first, figures as strings.
func activity(st *State, now time.Time) any {
	weeks := make([]object, 12)
	begin := now.Unix() / (7 * day) * (7 * day)
	for i := range weeks {
		n := [3]int64{st.Week.Statuses, st.Week.Logins, st.Week.Registrations}
		for k := range n {
			switch {
			case i == 0: // it has only begun
				n[k] = n[k] * (now.Unix() - begin) / (7 * day)
			case i > 1:
				n[k] = n[k] * int64(40-i) / 40
			}
		}
		weeks[i] = object{
			"week": strconv.FormatInt(begin-int64(i)*7*day, 10), "statuses": strconv.FormatInt(n[0], 10),
			"logins": strconv.FormatInt(n[1], 10), "registrations": strconv.FormatInt(n[2], 10),
		}
	}
	return weeks
}
