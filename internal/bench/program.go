package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"utile/internal/store"
	"utile/internal/web"
)

// The first argument with which this program starts itself again.
const (
	floorCommand    = "floor"
	profiledCommand = "profiled"
)

// program is a server under measurement, in a process of its own.
type program struct {
	cmd     *exec.Cmd
	binary  string
	base    string        // its address
	started time.Duration // from its start to its first answer
	client  *http.Client
}

// startProgram starts a server and waits until it answers.
func startProgram(ctx context.Context, binary string, args, env []string) (*program, error) {
	p := &program{cmd: exec.Command(binary, args...), binary: binary, client: newClient()}
	p.cmd.Env, p.cmd.Stderr = env, os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for p.base == "" && lines.Scan() {
		if i := strings.Index(lines.Text(), "http://"); i >= 0 {
			p.base = lines.Text()[i:]
		}
	}
	if p.base == "" {
		return nil, errors.Join(fmt.Errorf("%s did not start", binary), p.cmd.Wait())
	}
	if _, err := p.get(ctx, "/readyz", ""); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	p.started = time.Since(began)
	go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the program
	return p, nil
}

func (p *program) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return p.cmd.Wait()
}

func (p *program) processes() processes { return processes{root: p.cmd.Process.Pid} }

// newClient keeps its connections, and asks for no compression unless a request does.
func newClient() *http.Client {
	return &http.Client{Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}
}

// get returns the body of an answer, which must be 200. The cookie is sent unless it is empty.
func (p *program) get(ctx context.Context, path, cookie string, headers ...string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+path, nil)
	if err != nil {
		return nil, err
	}
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := p.client.Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close() // read to its end
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s", path, answer.Status)
	}
	return body, err
}

// serverEnv is what the real server is told: nothing of this program's environment but where to find its database.
func serverEnv(dsn string) []string {
	return []string{"DATABASE_URL=" + dsn, "UTILE_ADDR=127.0.0.1:0", "UTILE_BASE_URL=http://127.0.0.1:0", "UTILE_LOG_LEVEL=warn", "HOME=" + os.TempDir()}
}

func (b *bench) childEnv() []string {
	return []string{"BENCH_DATABASE=" + b.dsn, "BENCH_WORKSPACE=" + strconv.FormatInt(int64(b.db.by.Workspace), 10), "BENCH_PROFILE=" + b.profile}
}

// serveChild is this program as one of the two servers.
func serveChild(ctx context.Context, kind string) error {
	dsn := os.Getenv("BENCH_DATABASE")
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var handler http.Handler
	base := "http://" + listener.Addr().String()
	if kind == floorCommand {
		workspace, err := strconv.ParseInt(os.Getenv("BENCH_WORKSPACE"), 10, 64)
		if err != nil {
			return err
		}
		if handler, err = newFloor(ctx, dsn, workspace); err != nil {
			return err
		}
	} else {
		st, err := store.Open(ctx, dsn)
		if err != nil {
			return err
		}
		defer st.Close()
		handler = web.New(st, web.Options{BaseURL: base})
		f, err := os.Create(os.Getenv("BENCH_PROFILE"))
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer func() {
			pprof.StopCPUProfile()
			_ = f.Close()
		}()
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	fmt.Println("ready: " + base)
	go func() {
		<-ctx.Done()
		_ = server.Close() // the load has ended
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
