# Plain targets; "make help" lists them. Nothing but Go is needed for all, build, test and generate.

GOLANGCI_LINT ?= golangci-lint
FUZZTIME      ?= 30s
IMAGE         ?= mnm-exporter:local

.PHONY: all help build test race lint fmt generate country-data check-external check-panels figures fuzz vulncheck image up

all: lint test build ## check, test and build

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1	\2/p' Makefile | expand -t 18

build: ## the program, in bin/
	CGO_ENABLED=0 go build -trimpath -o bin/mnm-exporter ./cmd/mnm-exporter

test: ## all tests
	go test ./...

race: ## all tests, with the race detector (needs a C compiler)
	go test -race ./...

lint: ## gofmt, go vet and golangci-lint v2
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run make fmt"; exit 1; }
	go vet ./...
	$(GOLANGCI_LINT) run ./...

fmt: ## format the code
	gofmt -w .

generate: ## make the generated files anew: dashboards, docs/metrics.md
	go generate -skip '^//go:generate go run ./gen$$' ./...

country-data: ## bring the database of country data anew (needs npm)
	go generate ./exporter/country

check-external: ## checks that need other programs in PATH, which .ci/run brings
	go test -tags external -count 1 -v -run External ./deploy/ ./exporter/outbound/

# Some six minutes and 2 GB of memory; best with nothing else at work.
check-panels: ## how long each query of the dashboards takes at 30,000 instances; fails beyond a limit
	go test -tags figures -count 1 -timeout 60m -v -run '^TestFigurePanels$$' ./deploy/

# Tests called TestFigure… behind the build tag "figures", and all benchmarks.
figures: ## the figures that the docs show (minutes; without the race detector)
	go test -tags figures -count 1 -timeout 60m -run '^TestFigure' -bench . -benchmem -v ./cmd/... ./demo/... ./exporter/...

fuzz: ## each fuzz target for FUZZTIME
	@for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' "$$package" | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$package" || exit 1; \
		done; \
	done

vulncheck: ## known holes in what we build with (needs the internet)
	go run golang.org/x/vuln/cmd/govulncheck@latest ./...

image: ## the container image
	docker build -t $(IMAGE) .

up: ## the demo with Prometheus and Grafana in containers
	MNM_ARGS=--demo docker compose up --build
