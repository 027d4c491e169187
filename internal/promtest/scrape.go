package promtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/storage"
)

// Scrape takes in a page as a scrape at that time does: read by Prometheus' parser for the content type, the target's labels
// added, stale markers for series that the previous page had and this one has not, up 1, and how many samples it took in and how
// long that took. It is stricter than Prometheus,
// which lets some of a bad page pass with a warning: a page that can't be read, a series that is on it twice, one with a
// timestamp or a target label of its own, and a time that isn't after that of the previous scrape fail the test.
func (s *Storage) Scrape(t testing.TB, at time.Time, body []byte, contentType string) {
	t.Helper()
	began := time.Now()
	appender := s.db.AppenderV2(context.Background())
	s.round++
	if err := s.read(appender, timestamp.FromTime(at), body, contentType); err != nil {
		if undo := appender.Rollback(); undo != nil {
			t.Errorf("rolling the scrape back: %v", undo)
		}
		t.Fatalf("scraping at %s: %v", at, err)
	}
	s.commit(t, at, began, 1, appender)
}

func (s *Storage) read(appender storage.AppenderV2, ms int64, body []byte, contentType string) error {
	page, err := textparse.New(body, contentType, s.symbols, textparse.ParserOptions{})
	if err != nil {
		return fmt.Errorf("content type %q: %w", contentType, err)
	}
	for {
		entry, err := page.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("reading the page: %w", err)
		case entry == textparse.EntryHistogram:
			return errors.New("reading the page: a native histogram is nothing this harness keeps")
		case entry != textparse.EntrySeries:
			continue
		}
		text, stamp, v := page.Series()
		if stamp != nil {
			return fmt.Errorf("%s has a timestamp of its own", text)
		}
		one, known := s.byText[string(text)]
		if !known {
			if one, err = newSeries(page); err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
		} else if one.round == s.round {
			return fmt.Errorf("%s is on the page twice", text)
		}
		if err := one.append(appender, ms, v); err != nil {
			return fmt.Errorf("appending %s: %w", text, err)
		}
		if !known {
			if other, ok := s.byRef[one.ref]; ok {
				one = other
			}
			if one.round == s.round {
				return fmt.Errorf("%s is on the page twice, in two spellings", text)
			}
			s.byText[string(text)], s.byRef[one.ref] = one, one
		}
		one.round = s.round
	}
}

// newSeries reads the labels of the sample at which the parser stands, and adds the target's.
func newSeries(page textparse.Parser) (*series, error) {
	var own labels.Labels
	page.Labels(&own)
	for _, label := range []string{"instance", "job"} {
		if own.Has(label) {
			return nil, fmt.Errorf("the label %q is the scraper's to set", label)
		}
	}
	all := labels.NewBuilder(own).Set("instance", Instance).Set("job", Job).Labels()
	if !all.Has(model.MetricNameLabel) || !all.IsValid(model.UTF8Validation) {
		return nil, errors.New("no valid name or labels")
	}
	return &series{labels: all}, nil
}
