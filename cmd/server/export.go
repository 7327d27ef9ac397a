package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"utile/internal/domain"
	"utile/internal/export"
	"utile/internal/store"
	"utile/internal/web"
)

// exportCommands has one command for each register, so that a misspelt one is refused with the list of those known.
var exportCommands = func() []command {
	list := []command{exportWorkspaceCommand, exportEvidenceCommand, exportRecordCommand}
	for _, r := range store.Registers() {
		list = append(list, exportCommand(r))
	}
	return list
}()

var exportWorkspaceCommand = command{
	name: "export workspace", args: "SLUG [-o FILE]", summary: "export a whole workspace as one file",
	help: `The file holds everything of the workspace, its history included, one record to a line (see docs/workspace-format.md).
It is compressed where the name of the file ends in .gz. server import workspace brings it in again.`,
	flags: func(fs *flag.FlagSet) func(context.Context, *program, []string) error {
		output := fs.String("o", "", "file to write (standard output)")
		return func(ctx context.Context, p *program, args []string) error {
			slug, err := oneArg(args, "slug of the workspace")
			if err != nil {
				return err
			}
			return p.withWorkspace(ctx, slug, func(st *store.Store, by domain.Actor, _ domain.Workspace) error {
				return p.writeFile(*output, func(out io.Writer) error {
					if !strings.HasSuffix(*output, ".gz") {
						return st.ExportWorkspace(ctx, by, out)
					}
					zipped := gzip.NewWriter(out)
					return errors.Join(st.ExportWorkspace(ctx, by, zipped), zipped.Close())
				})
			})
		}
	},
}

var exportEvidenceCommand = command{
	name: "export evidence", args: "-workspace SLUG [-as-of DATE] [-o FILE]", summary: "export an evidence pack that outsiders can verify",
	help: `The pack is a ZIP with every register, the approvals, the history with its seals, and a manifest for sha256sum -c.
Its README says how to verify it with standard tools. With -as-of it shows the registers as they stood at the end of that
day (UTC), and the history until then.`,
	flags: func(fs *flag.FlagSet) func(context.Context, *program, []string) error {
		workspace := fs.String("workspace", "", "slug of the workspace")
		asOf := fs.String("as-of", "", "day to show, as 2026-10-31 (today)")
		output := fs.String("o", "", "file to write (standard output)")
		return func(ctx context.Context, p *program, args []string) error {
			if err := noArgs(args); err != nil {
				return err
			}
			now := time.Now()
			day, err := pastDay("-as-of", *asOf, now)
			if err != nil {
				return err
			}
			return p.withWorkspace(ctx, *workspace, func(st *store.Store, by domain.Actor, w domain.Workspace) error {
				if by, err = st.LookAt(ctx, by, day); err != nil {
					return err
				}
				return p.writeFile(*output, func(out io.Writer) error { return export.Evidence(ctx, st, by, w.Slug, now, out) })
			})
		}
	},
}

var exportRecordCommand = command{
	name: "export record", args: "-workspace SLUG [-format xlsx|csv|json|jsonld] [-at DATE] [-purpose CODE] [-o FILE]", summary: "export the record of processing (GDPR art. 30)",
	help: `The workbook has the layout of the CNIL's model of the record; docs/record-format.md describes the other formats. With -at it
is the record as it stood at the end of that day (UTC), byte for byte what was exported then; with -purpose one sheet of it.`,
	flags: func(fs *flag.FlagSet) func(context.Context, *program, []string) error {
		workspace := fs.String("workspace", "", "slug of the workspace")
		format := fs.String("format", "xlsx", strings.Join(export.RecordFormats, ", "))
		at := fs.String("at", "", "day to show, as 2026-10-31 (today)")
		purpose := fs.String("purpose", "", "reference of one purpose (all)")
		output := fs.String("o", "", "file to write (standard output)")
		return func(ctx context.Context, p *program, args []string) error {
			if err := noArgs(args); err != nil {
				return err
			}
			if !slices.Contains(export.RecordFormats, *format) {
				return usagef("-format takes %s.", strings.Join(export.RecordFormats, ", "))
			}
			day, err := pastDay("-at", *at, time.Now())
			if err != nil {
				return err
			}
			return p.withWorkspace(ctx, *workspace, func(st *store.Store, by domain.Actor, w domain.Workspace) error {
				if by, err = st.LookAt(ctx, by, day); err != nil {
					return err
				}
				record, err := st.Record(ctx, by)
				if err != nil {
					return err
				}
				if *purpose != "" {
					i := slices.IndexFunc(record.Sheets, func(s domain.RecordSheet) bool { return strings.EqualFold(s.Code, *purpose) })
					if i < 0 {
						return usagef("the record has no purpose %s.", *purpose)
					}
					record, _ = record.Only(record.Sheets[i].Purpose)
				}
				return p.writeFile(*output, func(out io.Writer) error { return export.Record(out, record, *format, web.RecordWords(w.Locale)) })
			})
		}
	},
}

// pastDay reads the day that is over of a flag; zero where none is named.
func pastDay(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || !day.Before(domain.Day(now.UTC())) {
		return day, usagef("%s takes a day that is over, such as %s.", flag, now.UTC().AddDate(0, 0, -1).Format(time.DateOnly))
	}
	return day, nil
}

func registerNames() []string {
	var names []string
	for _, r := range store.Registers() {
		names = append(names, r.Name)
	}
	return names
}

func exportCommand(r domain.Register) command {
	return command{
		unlisted: true,
		name:     "export " + r.Name, args: "-workspace SLUG [-format csv|xlsx|json] [-filter …] [-o FILE]", summary: "export the register of " + strings.ReplaceAll(r.Name, "_", " "),
		help: exportHelp(r),
		flags: func(fs *flag.FlagSet) func(context.Context, *program, []string) error {
			workspace := fs.String("workspace", "", "slug of the workspace")
			format := fs.String("format", "csv", strings.Join(export.Formats, ", "))
			filter := fs.String("filter", "", `filters such as 'verdict=delete,dormant;application=Salesforce'; names with , or ; between quotation marks`)
			sort := fs.String("sort", "", "column to sort by, with - before it for the largest first")
			columns := fs.String("columns", "", "columns to write, by comma (all)")
			output := fs.String("o", "", "file to write (standard output)")
			return func(ctx context.Context, p *program, args []string) error {
				if err := noArgs(args); err != nil {
					return err
				}
				q, keys, err := exportQuery(r, *format, *filter, *sort, *columns)
				if err != nil {
					return err
				}
				return p.withWorkspace(ctx, *workspace, func(st *store.Store, by domain.Actor, w domain.Workspace) error {
					return p.writeFile(*output, func(out io.Writer) error {
						table, err := export.NewWriter(out, *format, "", r.Name)
						if err != nil {
							return err
						}
						return export.Register(ctx, st, by, r, q, keys, table, export.Words{})
					})
				})
			}
		},
	}
}

func exportHelp(r domain.Register) string {
	var columns, filters []string
	for _, c := range r.Columns {
		columns = append(columns, c.Key)
	}
	for _, f := range r.Filters {
		filters = append(filters, f.Key)
	}
	return fmt.Sprintf("Headings are the names of the columns and values are codes, the same in every language.\nCSV is for scripts: UTF-8 without a mark, commas, quotes where needed. Spreadsheet programs open the XLSX, or the CSV that the browser gives.\n\nColumns: %s\nFilters: q (search), %s",
		strings.Join(columns, ", "), strings.Join(filters, ", "))
}

// exportQuery checks what the flags say before anything is opened.
func exportQuery(r domain.Register, format, filter, sort, columns string) (q domain.ListQuery, keys []string, err error) {
	if !slices.Contains(export.Formats, format) {
		return q, nil, usagef("Unknown format %q: one of %s.", format, strings.Join(export.Formats, ", "))
	}
	if q, err = domain.ParseFilterText(r, filter); err != nil {
		return q, nil, err
	}
	if column, known := r.Column(strings.TrimPrefix(sort, "-")); sort != "" && (!known || column.NoSort) {
		return q, nil, usagef("The register %s cannot be sorted by %q.", r.Name, sort)
	}
	q.Sort = sort
	for key := range strings.SplitSeq(columns, ",") {
		if key = strings.TrimSpace(key); key == "" {
			continue
		}
		if _, known := r.Column(key); !known {
			return q, nil, usagef("The register %s has no column %q.", r.Name, key)
		}
		keys = append(keys, key)
	}
	return q, keys, nil
}

// writeFile lets f write to the file of that name, or to standard output. A regular file, found through links, is replaced
// when the new one is whole, and keeps its mode and its owner; into a device or a pipe is written as it is.
func (p *program) writeFile(name string, f func(io.Writer) error) error {
	if name == "" || name == "-" {
		return buffered(p.stdout, f)
	}
	was, err := os.Stat(name)
	switch {
	case err == nil && p.isStdout(was): // /dev/stdout, where that is a file
		return buffered(p.stdout, f)
	case err == nil && !was.Mode().IsRegular():
		return p.writeInto(name, f)
	case err == nil:
		if name, err = filepath.EvalSymlinks(name); err != nil {
			return err
		}
	case isLink(name):
		return fmt.Errorf("%s cannot be written: it is a link to what does not exist", name)
	}
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", name, err)
	}
	defer func() { _ = os.Remove(file.Name()) }() // it is gone already where it was renamed
	err = buffered(file, f)
	if err == nil && was != nil {
		err = file.Chmod(was.Mode().Perm())
		if owner, ok := was.Sys().(*syscall.Stat_t); ok {
			_ = file.Chown(int(owner.Uid), int(owner.Gid)) // only root may give a file away
		}
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), name)
}

// writeInto writes into what is there and cannot be replaced.
func (p *program) writeInto(name string, f func(io.Writer) error) error {
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", name, err)
	}
	return errors.Join(buffered(file, f), file.Close())
}

func buffered(w io.Writer, f func(io.Writer) error) error {
	out := bufio.NewWriterSize(w, 1<<18)
	return errors.Join(f(out), out.Flush())
}

func (p *program) isStdout(info os.FileInfo) bool {
	out, ok := p.stdout.(*os.File)
	if !ok {
		return false
	}
	is, err := out.Stat()
	return err == nil && os.SameFile(info, is)
}

func isLink(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && info.Mode()&os.ModeSymlink != 0
}
