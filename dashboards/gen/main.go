// Command gen writes the project's Grafana dashboards: classic dashboard JSON, which file provisioning and the
// import box both take. The files are committed; change the Go code, then run go generate ./dashboards/...
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

//go:generate go run . -out ..

func main() {
	out := flag.String("out", "..", "folder to write the dashboards to")
	flag.Parse()
	if err := write(*out); err != nil {
		log.Fatal(err)
	}
}

// boards are all dashboards of the project.
func boards() []func() (dashboard.Dashboard, error) {
	return []func() (dashboard.Dashboard, error){
		networkOverview, instanceBoard, instancesBoard, countriesBoard, versionsBoard,
		timelinesBoard, hashtagsBoard, httpsBoard, exporterBoard,
	}
}

// write makes every dashboard and puts it into folder under its name.
func write(folder string) error {
	for _, draw := range boards() {
		board, err := draw()
		if err != nil {
			return err
		}
		text, err := encode(board)
		if err != nil {
			return fmt.Errorf("encoding %s: %w", *board.Uid, err)
		}
		if err := os.WriteFile(filepath.Join(folder, strings.TrimPrefix(*board.Uid, prefix)+".json"), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// encode writes queries as people read them, without \u003e for ">", and the panels of annotations as numbers: the SDK has them
// as bytes, which Go writes as base64, and then Grafana draws the marks on no panel at all.
func encode(board dashboard.Dashboard) ([]byte, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(board); err != nil {
		return nil, err
	}
	out := text.Bytes()
	for _, marks := range board.Annotations.List {
		if marks.Filter == nil {
			continue
		}
		var ids []string
		for _, id := range marks.Filter.Ids {
			ids = append(ids, strconv.Itoa(int(id)))
		}
		coded := fmt.Sprintf("%q", base64.StdEncoding.EncodeToString(marks.Filter.Ids))
		out = bytes.Replace(out, []byte(`"ids": `+coded), []byte(`"ids": [`+strings.Join(ids, ", ")+`]`), 1)
	}
	return out, nil
}
