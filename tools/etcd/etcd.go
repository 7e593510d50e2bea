package main

import (
	"context"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// etcd is a client of etcd, with a connection of its own.
type etcd struct{ *clientv3.Client }

func openEtcd(servers []string) (store, error) {
	c, err := clientv3.New(clientv3.Config{Endpoints: servers, DialTimeout: 5 * attempt, Logger: zap.NewNop()})
	return etcd{c}, err
}

func (e etcd) put(ctx context.Context, key, value string) error {
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	_, err := e.Put(ctx, key, value)
	return err
}

func (e etcd) get(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	_, err := e.Get(ctx, key)
	return err
}

func (e etcd) close() error { return e.Close() }
