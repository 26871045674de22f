//go:build !faults

package main

import (
	"context"
	"database/sql/driver"
	"net"
	"net/http"
	"time"

	"tapline/exporter"
	"tapline/exporter/clevertap"
	"tapline/objstore"
	"tapline/warehouse"
)

// faulty says that this build fails on purpose when it is told to.
const faulty = false

// Without the tag faults nothing is wrapped; see faults.go.

func faultyStore(_ string, s objstore.Store) objstore.Store     { return s }
func faultySource(s exporter.Source) exporter.Source            { return s }
func faultyWarehouse(w warehouse.Warehouse) warehouse.Warehouse { return w }
func faultyConnector(c driver.Connector) driver.Connector       { return c }
func wrapHistory(_ string, write func() error) func() error     { return write }
func faultyClient() *http.Client                                { return nil }
func faultySleep() func(context.Context, time.Duration) error   { return nil }
func faultyBatchRows() int                                      { return 0 }
func faultyPatience() objstore.Patience                         { return objstore.Patience{} }
func faultyRetry() clevertap.Retry                              { return clevertap.Retry{} }

func faultyDial() func(ctx context.Context, network, address string) (net.Conn, error) { return nil }
