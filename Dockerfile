FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w' -o /out/server ./cmd/server
# An empty image has no temporary folder for uploads, no time zones, and no authorities to trust sources by.
RUN install -d -m 1777 /out/tmp && \
    install -D -m 0644 /usr/local/go/lib/time/zoneinfo.zip /out/zoneinfo.zip && \
    install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ca-certificates.crt

FROM scratch
COPY --from=build /out/ /
USER 65532:65532
# The container's own network is private; compose.yaml publishes the port on the host's loopback address alone.
ENV UTILE_ADDR=0.0.0.0:8080 UTILE_DATA=/data ZONEINFO=/zoneinfo.zip
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["/server", "check", "-health"]
ENTRYPOINT ["/server"]
