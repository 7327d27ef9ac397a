package web_test

import (
	"os"
	"strconv"
	"testing"

	"utile/internal/browsertest"
)

func TestMain(m *testing.M) { os.Exit(browsertest.Main(m)) }

func itoa[T ~int64](id T) string { return strconv.FormatInt(int64(id), 10) }
