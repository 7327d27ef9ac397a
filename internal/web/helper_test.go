package web_test

import (
	"os"
	"strconv"
	"testing"

	"utile/internal/web/webtest"
)

func TestMain(m *testing.M) { os.Exit(webtest.Main(m)) }

func itoa[T ~int64](id T) string { return strconv.FormatInt(int64(id), 10) }
