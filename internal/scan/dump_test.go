package scan

import (
	"io"
	"runtime"
	"strings"
	"testing"
)

// wide is a file of any size that takes no memory: a head, then the same lines again and again, then a tail.
type wide struct {
	head, line, tail string
	lines            int64
}

func (w wide) size() int64 {
	return int64(len(w.head)) + w.lines*int64(len(w.line)) + int64(len(w.tail))
}

func (w wide) ReadAt(b []byte, at int64) (n int, err error) {
	body := int64(len(w.head)) + w.lines*int64(len(w.line))
	for n < len(b) {
		var from string
		switch p := at + int64(n); {
		case p < int64(len(w.head)):
			from = w.head[p:]
		case p < body:
			from = w.line[(p-int64(len(w.head)))%int64(len(w.line)):]
		case p < w.size():
			from = w.tail[p-body:]
		default:
			return n, io.EOF
		}
		n += copy(b[n:], from)
	}
	return n, nil
}

// TestADumpOfAnySizeTakesTheMemoryOfItsTables: the rows between two declarations are passed over and never kept. Not parallel:
// it counts what is allocated.
func TestADumpOfAnySizeTakesTheMemoryOfItsTables(t *testing.T) {
	const most = 8 << 20 // bytes allocated in all, freed ones included
	row := "4711\tAnna\tanna@example.org\t" + strings.Repeat("x", 4000) + "\n"
	for name, file := range map[string]wide{
		"postgresql": {head: "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE public.client (\n    id integer NOT NULL,\n    name text,\n    email text,\n    note text\n);\n\nCOPY public.client (id, name, email, note) FROM stdin;\n",
			line: row, tail: "\\.\n\nCREATE TABLE public.store (\n    id integer NOT NULL,\n    city text\n);\n"},
		"mysql": {head: "-- MySQL dump 10.13  Distrib 8.0.36\n\nCREATE TABLE `client` (\n  `id` int NOT NULL,\n  `name` varchar(40),\n  `email` varchar(80),\n  `note` text,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB;\n\nINSERT INTO `client` VALUES (1,'Anna','anna@example.org','x')",
			line: ",(4711,'Anna','anna@example.org','" + strings.Repeat("x", 4000) + "')", tail: ";\n\nCREATE TABLE `store` (\n  `id` int NOT NULL,\n  `city` text\n) ENGINE=InnoDB;\n"},
	} {
		read := func(size int64) uint64 {
			file.lines = size / int64(len(file.line))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			d, err := Open([]File{{Name: name, Size: file.size(), Content: file}})
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if len(d.fields) != 6 || d.fields[5].field.Dataset != "store" || d.fields[5].field.Name != "city" || d.Format != name {
				t.Errorf("%s: %d fields of %s: %+v", name, len(d.fields), d.Format, d.fields)
			}
			return after.TotalAlloc - before.TotalAlloc
		}
		read(1) // what a parser sets up once
		small, large := read(8<<20), read(64<<20)
		if large > most || large > small+1<<20 {
			t.Errorf("%s: %d KiB for 8 MiB, %d KiB for 64 MiB", name, small>>10, large>>10)
		}
	}
}
