package demo

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mnm-social/mnm/exporter/domain"
)

//go:embed data/instances.tsv.gz
var instanceData []byte

func seconds(s int64) time.Duration { return time.Duration(s) * time.Second }

// populate thinks up who is in the World.
func (w *World) populate(c Config) {
	mastodon := readRows(unzip(instanceData))
	others := otherRows()
	if all := len(mastodon) + len(others); c.Instances > 0 && c.Instances < all {
		few := (c.Instances*len(others) + all/2) / all
		shuffle(mastodon, c.Seed)
		shuffle(others, c.Seed)
		mastodon, others = mastodon[:c.Instances-few], others[:few]
	} else {
		shuffle(mastodon, c.Seed)
	}
	rank := 0 // among those that are well at the beginning
	healthy := healthyCount(mastodon) + len(others)
	for i, r := range append(mastodon, others...) {
		l := r.life(c.Seed, i)
		if l.trait == Well {
			l.destiny(rank, healthy, c)
			rank++
		}
		l.enliven(r.name.TLD(), c.Hostile && l.trait == Well)
		w.instances = append(w.instances, member{name: r.name, spelling: r.name.Unicode(), fate: l})
	}
}

// row is an instance before it has a fate.
type row struct {
	name                         domain.Name
	up                           bool
	users, statuses, connections Figure
	open, ipv6                   answer
	software                     int // -1: Mastodon or a fork, as chance has it
}

func readRows(text string) []row {
	var rows []row
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		name, err := domain.Parse(f[0])
		if err != nil || len(f) != 7 {
			panic(fmt.Sprintf("embedded instance %q: %v", line, err))
		}
		rows = append(rows, row{
			name: name, up: f[1] == "1", users: readFigure(f[2]), statuses: readFigure(f[3]), connections: readFigure(f[4]),
			open: readAnswer(f[5]), ipv6: readAnswer(f[6]), software: -1,
		})
	}
	return rows
}

func readFigure(s string) Figure {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return Unknown
	}
	return Figure(n)
}

func readAnswer(s string) answer {
	switch s {
	case "1":
		return yes
	case "0":
		return no
	}
	return silent
}

// otherRows makes up the instances of other software. They are the same in every World; only the sample differs.
func otherRows() []row {
	var rows []row
	tlds := []string{"social", "net", "org", "xyz", "jp", "de", "video", "moe", "club", "fr", "cafe", "space", "io", "me", "ca", "blog"}
	for i, s := range softwares {
		for k := range s.count {
			key := draw(aboutOthers, uint64(i), uint64(k))
			users := 1 + Figure(s.people*(1+in(8, key, 1)*in(8, key, 2)*in(8, key, 3)/8)/4)
			name, err := domain.Parse(fmt.Sprintf("%s-%d.%s", s.name, 100*i+k, tlds[in(int64(len(tlds)), key, 4)]))
			if err != nil {
				panic(fmt.Sprintf("name of other software: %v", err))
			}
			rows = append(rows, row{
				name: name, up: true, users: users, statuses: users * Figure(3+in(200, key, 5)), connections: Figure(in(9000, key, 6)),
				open: answerOf(in(3, key, 7) > 0), ipv6: answerOf(in(3, key, 8) == 0), software: i,
			})
		}
	}
	return rows
}

func shuffle(rows []row, seed uint64) {
	for i := len(rows) - 1; i > 0; i-- {
		j := in(int64(i+1), seed, aboutOrder, uint64(i))
		rows[i], rows[j] = rows[j], rows[i]
	}
}

func healthyCount(rows []row) int {
	n := 0
	for _, r := range rows {
		if r.up {
			n++
		}
	}
	return n
}

// life is what the data and chance say of an instance.
func (r row) life(seed uint64, index int) *life {
	key := draw(seed, r.name.Hash())
	l := &life{
		key: key, index: index, software: r.software, users: r.users, statuses: r.statuses, connections: r.connections,
		rate: 1 + in(9, key, aboutFigures, 1), growth: in(500, key, aboutFigures, 2), says: r.open != silent, open: r.open == yes,
		approval: in(3, key, aboutFigures, 3) == 0, v6: r.ipv6 == yes, active: Unknown,
	}
	if r.users.Known() {
		l.active = min(r.users, 1+r.users*Figure(60+in(240, key, aboutFigures, 4))/1000)
	}
	l.at[0] = &places[in(homes, key, aboutPlace)]
	l.setUp()
	if r.software < 0 {
		l.software, l.track = operator(key)
	} else if n := len(softwares[r.software].versions); n > 0 {
		l.version = int(in(int64(n), key, aboutVersion, 1))
	}
	if !r.up {
		dead := append(troubles(), Gone)
		l.trait = dead[in(int64(len(dead)), key, aboutLife, 1)]
	}
	return l
}

// setUp sets up the page at / and port 80: a third leaves Mastodon's as they come, and one in twenty sets them up anew from time to time.
func (l *life) setUp() {
	for i := range l.sites {
		if of := uint64(i); in(3, l.key, aboutPage, of) > 0 {
			l.sites[i] = int(in(int64(len(sites)), l.key, aboutPage, of, 1))
		}
	}
	if in(20, l.key, aboutPage, 2) == 0 {
		l.resets = l.every(6, 30*hour, 5*24*hour)
	}
}

// operator is what those who run Mastodon run, and how they keep it up to date.
func operator(key uint64) (int, track) {
	t := track{key: key}
	index := mastodonIndex
	switch f := in(100, key, aboutVersion, 2); {
	case f < 12:
		index = glitchIndex
	case f < 17:
		index = hometownIndex
	}
	old := []string{"2.4.0", "2.9.3", "3.3.0", "3.4.1", "3.5.3", "3.5.5", "4.0.2", "4.1.0rc1", "4.1.4", "4.1.25", "4.2.0-beta3", "4.2.8", "4.2.29", "4.3.0-rc.1", "4.3.3", "4.3.22", "4.4.1", "4.4.23", "4.5.2", "4.5.15", "4.6.1", "4.6.5"}
	switch f := in(100, key, aboutVersion, 3); {
	case f < 18:
		t.fixed = old[in(int64(len(old)), key, aboutVersion, 4)]
	case f < 22:
		t.fixed = "4.8.0-alpha.1"
	case f < 28:
		t.pre = true
	case f < 44:
		t.branch = version{major: 4, minor: int(4 + in(3, key, aboutVersion, 5))}
	}
	if index == hometownIndex && t.fixed == "" {
		t.branch = version{major: 4, minor: 5}
		t.pre = false
	}
	return index, t
}
