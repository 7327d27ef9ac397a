package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"utile/internal/domain"
	"utile/internal/i18n"
	"utile/internal/store"
)

// Messages about what a check of the history found, put together from its kind.
//
//i18n:dynamic proof.problem.

// historyOptions say which histories are checked, and against what.
type historyOptions struct{ workspace, anchor, head string }

// errHistory is that of a history which does not prove itself; what was found is told before.
var errHistory = errors.New("the history is not as it was sealed")

func (p *program) checkHistory(ctx context.Context, o historyOptions) error {
	var anchor *domain.SealHead
	if o.anchor != "" {
		text, err := os.ReadFile(o.anchor)
		if err != nil {
			return fmt.Errorf("the head that was kept cannot be read: %w", err)
		}
		if anchor, err = domain.ParseSealHead(text); err != nil {
			return err
		}
		if o.workspace == "" {
			o.workspace = anchor.Workspace
		}
	}
	if o.head != "" && o.workspace == "" {
		return usagef("-head needs -workspace SLUG.")
	}
	return p.withStore(ctx, func(st *store.Store) error {
		list, err := workspacesToCheck(ctx, st, o.workspace)
		if err != nil {
			return err
		}
		sound := true
		for _, w := range list {
			report, err := st.CheckHistory(ctx, domain.Operator(w), anchor)
			if err != nil {
				return err
			}
			p.printChain(ctx, w, report)
			sound = sound && report.Sound()
			if o.head != "" {
				if err := p.writeFile(o.head, func(out io.Writer) error { return json.NewEncoder(out).Encode(report.Head) }); err != nil {
					return err
				}
			}
		}
		if !sound {
			return errHistory
		}
		return nil
	})
}

func workspacesToCheck(ctx context.Context, st *store.Store, slug string) ([]domain.Workspace, error) {
	if slug == "" {
		return st.Workspaces(ctx)
	}
	w, err := workspaceBySlug(ctx, st, slug)
	return []domain.Workspace{w}, err
}

// printChain tells what was found, and the head of the chain.
func (p *program) printChain(ctx context.Context, w domain.Workspace, r domain.ChainReport) {
	fmt.Fprintf(p.stdout, "%s: ", w.Slug)
	if r.Sound() {
		fmt.Fprintln(p.stdout, i18n.T(ctx, "proof.sound", "n", r.Events))
	} else {
		fmt.Fprintln(p.stdout, i18n.T(ctx, "proof.found", "n", r.Found)+".")
	}
	for _, problem := range r.Problems {
		fmt.Fprintf(p.stdout, "  %s\n", i18n.T(ctx, "proof.problem."+string(problem.Kind), "event", problem.Event, "seal", problem.Seal, "before", problem.Seal-1))
	}
	if r.Found > int64(len(r.Problems)) {
		fmt.Fprintf(p.stdout, "  %s\n", i18n.T(ctx, "proof.found.more", "n", len(r.Problems)))
	}
	if r.Sound() && r.Anchor != nil {
		fmt.Fprintf(p.stdout, "  %s\n", i18n.T(ctx, "proof.sound.anchor", "seal", r.Anchor.Number))
	}
	fmt.Fprintf(p.stdout, "  head: seal %d %s\n", r.Head.Number, r.Head.Digest)
}
