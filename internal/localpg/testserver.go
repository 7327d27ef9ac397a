package localpg

import (
	"context"
	"os"
	"sync"
)

// StartForTest starts an ephemeral server for this test process, once, and returns the address of its postgres
// database as superuser. It stops and its folder goes when the process ends, however it ends: there is nothing to call.
func StartForTest() (dsn string, err error) {
	s, err := testServer()
	if err != nil {
		return "", err
	}
	return s.DSN("postgres"), nil
}

// The server stays referenced for the life of the process: its pipe must not be collected.
var testServer = sync.OnceValues(func() (*Server, error) {
	return Start(context.Background(), Options{Ephemeral: true, Getenv: os.Getenv})
})
