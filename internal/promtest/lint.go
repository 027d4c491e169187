package promtest

import (
	"bytes"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// Lint fails the test for each complaint that Prometheus' linter has about a page in the text format.
func Lint(t testing.TB, page []byte) {
	t.Helper()
	problems, err := promlint.New(bytes.NewReader(page)).Lint()
	if err != nil {
		t.Errorf("linting the page: %v", err)
	}
	for _, problem := range problems {
		t.Errorf("linting the page: %s: %s", problem.Metric, problem.Text)
	}
}
