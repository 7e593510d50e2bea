# The ordinary commands under short names. What make builds is not committed.

.PHONY: all server client test check clean

all: server client

server:
	go build -o $@ ./cmd/server

client:
	go build -o $@ ./cmd/client

test:
	go test ./...

check:
	.ci/run

clean:
	rm -f server client
