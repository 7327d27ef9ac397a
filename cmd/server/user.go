package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"utile/internal/domain"
	"utile/internal/login"
	"utile/internal/store"
)

var userCommands = []command{
	{
		name: "user add", args: "EMAIL -workspace SLUG -role ROLE [-name NAME]", summary: "let a person into a workspace",
		help: `The password of a new account is read from standard input, one line. Somebody who has an account already keeps
their password and only joins the workspace, or changes role there.

Roles: admin, editor (CRM manager or data owner), dpo, facilitator, viewer.`,
		flags: func(fs *flag.FlagSet) func(context.Context, *program, []string) error {
			workspace := fs.String("workspace", "", "slug of the workspace")
			role := fs.String("role", "", "admin, editor, dpo, facilitator or viewer")
			name := fs.String("name", "", "name of the person (what stands before the @ when missing)")
			return func(ctx context.Context, p *program, args []string) error {
				email, err := emailArg(args)
				if err != nil {
					return err
				}
				r, known := domain.ParseRole(*role)
				if !known {
					return usagef("Name the role with -role: one of admin, editor, dpo, facilitator, viewer.")
				}
				return p.withWorkspace(ctx, *workspace, func(st *store.Store, by domain.Actor, w domain.Workspace) error {
					return p.addUser(ctx, st, by, w, domain.User{Email: email, Name: domain.CleanLine(*name)}, r)
				})
			}
		},
	},
	{
		name: "user password", args: "EMAIL", summary: "give a person another password",
		help: "The password is read from standard input, one line. The person's sessions end.",
		flags: func(*flag.FlagSet) func(context.Context, *program, []string) error {
			return func(ctx context.Context, p *program, args []string) error {
				email, err := emailArg(args)
				if err != nil {
					return err
				}
				return p.withStore(ctx, func(st *store.Store) error { return p.setPassword(ctx, st, email) })
			}
		},
	},
}

func emailArg(args []string) (string, error) {
	text, err := oneArg(args, "e-mail address")
	if err != nil {
		return "", err
	}
	email, ok := domain.CleanEmail(text)
	if !ok {
		return "", usagef("%q is not an e-mail address.", text)
	}
	return email, nil
}

func (p *program) addUser(ctx context.Context, st *store.Store, by domain.Actor, w domain.Workspace, u domain.User, role domain.Role) error {
	account, err := st.UserByEmail(ctx, u.Email)
	switch {
	case errors.Is(err, domain.NotFound):
		if u.Name == "" {
			u.Name, _, _ = strings.Cut(u.Email, "@")
		}
		hash, err := p.readPassword(u)
		if err != nil {
			return err
		}
		if u.ID, err = st.AddUser(ctx, u, hash); err != nil {
			return err
		}
	case err != nil:
		return err
	case account.PasswordHash == "" || account.DisabledAt != nil:
		hash, err := p.readPassword(account.User)
		if err != nil {
			return err
		}
		if err := st.SetPassword(ctx, domain.Operator(domain.Workspace{}), account.ID, hash); err != nil {
			return err
		}
		u.ID = account.ID
	default:
		u.ID = account.ID
	}
	if err := st.AddMembership(ctx, by, u.ID, role); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s is in %s as %s.\n", u.Email, w.Slug, role)
	return nil
}

func (p *program) setPassword(ctx context.Context, st *store.Store, email string) error {
	account, err := st.UserByEmail(ctx, email)
	if errors.Is(err, domain.NotFound) {
		return fmt.Errorf("there is no account for %s: server user add makes one", email)
	}
	if err != nil {
		return err
	}
	hash, err := p.readPassword(account.User)
	if err != nil {
		return err
	}
	if err := st.SetPassword(ctx, domain.Operator(domain.Workspace{}), account.ID, hash); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "The password of %s was changed.\n", email)
	return nil
}

// readPassword reads one line from standard input and returns its hash.
func (p *program) readPassword(u domain.User) (string, error) {
	if f, ok := p.stdin.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			fmt.Fprintf(p.stderr, "Password of %s: ", u.Email)
		}
	}
	line, err := bufio.NewReader(io.LimitReader(p.stdin, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	password := strings.TrimRight(line, "\r\n")
	if password == "" {
		return "", errors.New("the password is missing: write it to standard input, on one line")
	}
	if err := login.CheckPolicy(password, u.Email, u.Name); err != nil {
		return "", err
	}
	return login.Hash(password), nil
}
