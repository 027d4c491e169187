// Command mnm-exporter watches the Mastodon network and shows it to Prometheus.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
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
	"github.com/mnm-social/mnm/exporter/web"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mnm-exporter:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	configFile        string
	check             bool
	demo, demoHostile bool
	log               promslog.Config
	web               *toolkit.FlagConfig
}

// run is the program: it returns when ctx is done or something cannot go on.
func run(ctx context.Context, args []string, out, errs io.Writer) error {
	var o options
	app := kingpin.New("mnm-exporter", "Watches the Mastodon network and shows it to Prometheus.")
	app.UsageWriter(out).ErrorWriter(errs)
	app.Version(version.Print("mnm-exporter"))
	app.HelpFlag.Short('h')
	app.Flag("config.file", "Configuration file in YAML; without one, the servers that joinmastodon.org lists are visited.").StringVar(&o.configFile)
	app.Flag("config.check", "Check the configuration file and exit.").BoolVar(&o.check)
	app.Flag("demo", "Show an invented network that lives inside this program; nothing on the internet is asked.").BoolVar(&o.demo)
	app.Flag("demo.hostile", "The demo with servers that hang, lie and send nonsense.").BoolVar(&o.demoHostile)
	o.web = kingpinflag.AddFlags(app, ":13121")
	promslogflag.AddFlags(app, &o.log)
	app.Command("run", "Run the exporter; the default.").Default()
	health := app.Command("healthcheck", "Ask a running exporter whether it is healthy; for container health checks.")
	address := health.Flag("url", "What to ask.").Default("http://127.0.0.1:13121/-/healthy").String()

	command, err := app.Parse(args)
	if err != nil {
		return fmt.Errorf("%w; try --help", err)
	}
	if command == health.FullCommand() {
		return healthcheck(ctx, *address)
	}
	o.log.Writer = errs
	return serve(ctx, o, out, promslog.New(&o.log))
}

// serve runs exporter and web server until ctx is done.
func serve(ctx context.Context, o options, out io.Writer, log *slog.Logger) error {
	config, end, err := configure(o, log)
	if err != nil {
		return err
	}
	defer end()
	if o.check {
		_, err := fmt.Fprintln(out, "The configuration is good.")
		return err
	}
	e, err := exporter.New(config, log)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           web.Handler(e.Metrics(), e.Status),
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	log.Info("Starting", "version", version.Info(), "demo", config.Demo)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return e.Run(ctx) })
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
		return server.Shutdown(ending)
	})
	err = g.Wait()
	log.Info("Stopped")
	return err
}

// configure makes the configuration that the flags ask for, and what is to be done at the end.
func configure(o options, log *slog.Logger) (exporter.Config, func(), error) {
	if o.demo || o.demoHostile {
		if o.configFile != "" {
			return exporter.Config{}, nil, errors.New("--demo brings its own configuration: leave --config.file away")
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

// healthcheck asks a running exporter how it is.
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
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("asking %s: it answers %s", address, resp.Status)
	}
	return nil
}
