// Command mnm-exporter watches the Mastodon network and shows it to Prometheus.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/promslog"
	promslogflag "github.com/prometheus/common/promslog/flag"
	"github.com/prometheus/common/version"
	toolkit "github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"
	"golang.org/x/sync/errgroup"

	"github.com/mnm-social/mnm/exporter"
	"github.com/mnm-social/mnm/exporter/outbound"
	"github.com/mnm-social/mnm/exporter/state"
	"github.com/mnm-social/mnm/exporter/web"
)

func main() {
	if version.Version == "" {
		version.Version = built()
	}
	log.SetOutput(io.Discard) // net/http writes there, word for word, what a stranger has sent after an answer
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mnm-exporter:", err)
		os.Exit(1)
	}
}

// built is the version that Go stamped into the program, "dev" if it did not.
func built() string {
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") {
		return strings.TrimPrefix(info.Main.Version, "v")
	}
	return "dev"
}

// options are the flags and arguments.
type options struct {
	configFile        string
	check             bool
	demo, demoHostile bool
	stateDir          string
	externalURL       *url.URL
	lifecycle         bool
	log               promslog.Config
	web               *toolkit.FlagConfig
	healthURL         string       // of healthcheck
	token             tokenOptions // of token
}

//go:generate go test . -run TestDocument -update

// app is the command line.
func (o *options) app() *kingpin.Application {
	app := kingpin.New("mnm-exporter", "Watches the Mastodon network and shows it to Prometheus.")
	app.Version(version.Print("mnm-exporter"))
	app.HelpFlag.Short('h')
	app.Flag("config.file", "Configuration file in YAML; without one, the servers that joinmastodon.org lists are visited.").StringVar(&o.configFile)
	app.Flag("config.check", "Check the configuration file and exit.").BoolVar(&o.check)
	app.Flag("demo", "Show an invented network that lives inside this program; nothing on the internet is asked.").BoolVar(&o.demo)
	app.Flag("demo.hostile", "The demo with servers that hang, lie and send nonsense.").BoolVar(&o.demoHostile)
	app.Flag("state.dir", "Directory in which what is known survives a restart; without one it is kept in memory only.").StringVar(&o.stateDir)
	app.Flag("web.external-url", "URL under which this program is reachable from outside: for the admins whom it visits, and for its paths behind a proxy.").URLVar(&o.externalURL)
	app.Flag("web.enable-lifecycle", "Load the configuration again upon POST /-/reload, as upon SIGHUP.").BoolVar(&o.lifecycle)
	o.web = kingpinflag.AddFlags(app, ":13121")
	promslogflag.AddFlags(app, &o.log)
	app.Command("run", "Run the exporter; the default.").Default()
	health := app.Command("healthcheck", "Ask a running exporter whether it is healthy; for container health checks.")
	health.Flag("url", "What to ask.").Default("http://127.0.0.1:13121/-/healthy").StringVar(&o.healthURL)
	o.token.command(app)
	return app
}

// run is the program: it returns when ctx is done or something cannot go on.
func run(ctx context.Context, args []string, out, errs io.Writer) error {
	var o options
	app := o.app()
	app.UsageWriter(out).ErrorWriter(errs)
	command, err := app.Parse(args)
	if err != nil {
		return fmt.Errorf("%w; try --help", err)
	}
	switch command {
	case "healthcheck":
		return healthcheck(ctx, o.healthURL)
	case "token":
		return getToken(ctx, outbound.Net{}, o.token, os.Stdin, out)
	}
	o.log.Writer = errs
	return serve(ctx, o, out, promslog.New(&o.log))
}

// serve runs exporter and web server until ctx is done.
func serve(ctx context.Context, o options, out io.Writer, log *slog.Logger) error {
	if err := o.checkURL(); err != nil {
		return err
	}
	config, end, err := configure(o, log)
	if err != nil {
		return err
	}
	defer end()
	if o.check {
		_, err := fmt.Fprintln(out, "The configuration is good.")
		return err
	}
	if o.externalURL != nil {
		config.About = strings.TrimSuffix(o.externalURL.String(), "/") + "/about"
	}
	if o.stateDir == "" {
		log.Info("What is known is kept in memory only; --state.dir keeps it over restarts")
	} else if config.State, err = state.Open(o.stateDir); err != nil {
		return fmt.Errorf("opening the state: %w", err)
	} else {
		defer func() { _ = config.State.Close() }()
	}
	e, err := exporter.New(config, log)
	if err != nil {
		return err
	}
	log.Info("Starting", "version", version.Info(), "demo", config.Demo)
	err = together(ctx, e, o, log)
	log.Info("Stopped")
	return err
}

// together runs the exporter, its pages and the reloads until ctx is done or one of them cannot go on.
func together(ctx context.Context, e *exporter.Exporter, o options, log *slog.Logger) error {
	reload := func() error { return e.Reload(o.load) }
	var once sync.Once
	pages := web.Pages{Metrics: e.Metrics(), Status: e.Status, Contact: e.Contact, Instance: e.Instance}
	if o.lifecycle {
		pages.Reload = reload
	}
	server := &http.Server{
		Handler:           under(o.externalURL, web.Handler(pages)),
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	// A program that cannot serve asks nobody.
	serving := make(chan struct{})
	server.BaseContext = func(net.Listener) context.Context {
		once.Do(func() { close(serving) })
		return context.Background()
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		select {
		case <-serving:
			return e.Run(ctx)
		case <-ctx.Done():
			return nil
		}
	})
	g.Go(func() error { return onHangup(ctx, reload) })
	g.Go(func() error {
		if err := toolkit.ListenAndServe(server, o.web, log); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serving: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		if err := server.Shutdown(ending); errors.Is(err, context.DeadlineExceeded) {
			return server.Close() // somebody holds a connection: that is no failure of ours
		}
		return nil
	})
	return g.Wait()
}

// checkURL refuses an external URL that leads nowhere, or would tell strangers a secret: it stands in the User-Agent.
func (o *options) checkURL() error {
	u := o.externalURL
	switch {
	case u == nil:
		return nil
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return fmt.Errorf("--web.external-url %q: write it with http:// or https:// and a host", u.Redacted())
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		return fmt.Errorf("--web.external-url %q: a user, query or fragment has no place in it", u.Redacted())
	}
	return nil
}

// under serves the pages below the path of the URL under which the program is reachable.
func under(external *url.URL, pages http.Handler) http.Handler {
	if external == nil || strings.Trim(external.Path, "/") == "" {
		return pages
	}
	prefix := "/" + strings.Trim(external.Path, "/")
	mux := http.NewServeMux()
	mux.Handle(prefix+"/", http.StripPrefix(prefix, pages))
	mux.Handle("GET /-/healthy", pages) // for who asks from beside, such as healthcheck
	mux.Handle("GET /{$}", http.RedirectHandler(prefix+"/", http.StatusFound))
	return mux
}

// onHangup loads the configuration again upon each SIGHUP. What is wrong with it is in the log.
func onHangup(ctx context.Context, reload func() error) error {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangups:
			_ = reload()
		}
	}
}

// load is the configuration of the file, if there is one.
func (o *options) load() (exporter.Config, error) {
	if o.configFile == "" {
		return exporter.NoFile()
	}
	return exporter.LoadFile(o.configFile)
}

// configure makes the configuration that the flags ask for, and what is to be done at the end.
func configure(o options, log *slog.Logger) (exporter.Config, func(), error) {
	if o.demo || o.demoHostile {
		if o.configFile != "" {
			return exporter.Config{}, nil, errors.New("--demo brings its own configuration: leave --config.file away")
		}
		if o.stateDir != "" {
			return exporter.Config{}, nil, errors.New("--demo keeps its state in memory: leave --state.dir away")
		}
		return startDemo(o.demoHostile, log)
	}
	if o.configFile == "" {
		if o.check {
			return exporter.Config{}, nil, errors.New("--config.check needs --config.file")
		}
		return exporter.DefaultConfig(), func() {}, nil
	}
	c, err := exporter.LoadFile(o.configFile)
	return c, func() {}, err
}

// healthcheck asks a running exporter how it is. Any answer over HTTP is a sign of life, also that a password or TLS is wanted.
func healthcheck(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("asking %s: %w", address, err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("asking %s: %w", address, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("asking %s: it answers %s", address, resp.Status)
	}
	return nil
}
