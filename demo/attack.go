package demo

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// attack answers as servers do that are out to break a crawler, or are broken themselves.
func (v *visitOf) attack() {
	if b := v.st.Behaviour; v.kind == KindHome && (b == HTML || b == Empty) {
		v.home()
		return
	}
	r := failed
	switch v.st.Behaviour {
	case HTML, Empty, Gigabyte, Bomb:
		if v.kind == KindRobots {
			r = fine // a robots.txt without rules, or cut off where the reader's patience ends: nothing is forbidden
		}
	}
	v.note(r, nil)
	w := v.w
	switch v.st.Behaviour {
	case Hang, HangHandshake:
		v.n.hang(v.r.Context(), 2*stall)
		panic(http.ErrAbortHandler)
	case Drip:
		v.drip()
	case Gigabyte:
		w.Header().Set("Content-Type", "application/json")
		chunk := []byte(strings.Repeat(`{"a":`, 8192))
		pour(w, chunk, 1<<30/len(chunk))
	case Bomb:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		pour(w, bomb(), 1024)
	case HTML:
		v.page(http.StatusOK, "<title>Parked</title><p>Buy this domain.")
	case Empty:
		w.WriteHeader(http.StatusOK)
	case RedirectLoop:
		http.Redirect(w, v.r, "https://"+v.name+v.r.URL.Path+"?again="+v.r.URL.RawQuery[:min(16, len(v.r.URL.RawQuery))], http.StatusFound)
	case RedirectPrivate:
		http.Redirect(w, v.r, "https://"+private(max(v.i, 0), false).String()+"/", http.StatusFound)
	}
}

// drip sends a byte now and then until the visitor leaves or the Network closes.
func (v *visitOf) drip() {
	v.w.Header().Set("Content-Type", "application/json")
	flush := http.NewResponseController(v.w)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := io.WriteString(v.w, " "); err != nil {
			return
		}
		if err := flush.Flush(); err != nil {
			return
		}
		select {
		case <-v.r.Context().Done():
			return
		case <-v.n.done:
			return
		case <-tick.C:
		}
	}
}

// pour writes a chunk n times, or until the visitor has had enough.
func pour(w io.Writer, chunk []byte, n int) {
	for range n {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// bomb is 1 MiB of spaces, packed: a member of a gzip stream that has many.
var bomb = sync.OnceValue(func() []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(bytes.Repeat([]byte(" "), 1<<20))
	_ = z.Close()
	return out.Bytes()
})
