package ui_test

import (
	"os"
	"testing"

	"utile/internal/browsertest"
)

func TestMain(m *testing.M) { os.Exit(browsertest.Main(m)) }
