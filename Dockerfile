# Tags, not digests: a digest can be looked up only where the registry can be reached. Whoever builds for others should
# add one to both images (docker buildx imagetools inspect IMAGE prints it).
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
# With .git, so that Go stamps version and revision into the program.
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/mnm-exporter ./cmd/mnm-exporter && mkdir /out/state

# Certificates, time zones and the user "nonroot", and nothing else: no shell, so the program checks its own health.
FROM gcr.io/distroless/static-debian12:nonroot
LABEL org.opencontainers.image.title="mnm-exporter" \
      org.opencontainers.image.description="Prometheus exporter for the Mastodon network" \
      org.opencontainers.image.source="https://github.com/mnm-social/mnm" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /out/mnm-exporter /mnm-exporter
# A volume that is made here gets this owner.
COPY --from=build --chown=65532:65532 /out/state /state
COPY LICENSE NOTICE /
USER 65532:65532
EXPOSE 13121
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["/mnm-exporter", "healthcheck"]
ENTRYPOINT ["/mnm-exporter"]
