package ui_test

import (
	"os"
	"testing"

	"utile/internal/web/webtest"
)

func TestMain(m *testing.M) { os.Exit(webtest.Main(m)) }
