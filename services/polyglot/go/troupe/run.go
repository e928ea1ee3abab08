package troupe

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	troupev1 "github.com/troupe-mesh/troupe/services/polyglot/go/gen/troupe/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
)

const (
	drainGrace = 10 * time.Second
	closeGrace = time.Second
)

// Run serves an agent as a process: announces it, and drains it on SIGTERM or SIGINT. It returns when the instance has left.
//
// Environment: TROUPE_LISTEN (default 127.0.0.1:0), TROUPE_ORCHESTRATORS (host:port, comma between), TROUPE_ADVERTISE (default: the
// host that the orchestrator sees, with our port). Once it serves, it writes {"ready":true,"address":…} to standard output.
func Run(agent Agent) error {
	card, err := agent.card()
	if err != nil {
		return err
	}
	asked, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	svc := &service{runner: &runner{agent: &agent, card: card}, links: map[*link]struct{}{}}
	healthServer := health.NewServer()
	healthServer.SetServingStatus(troupev1.AgentService_ServiceDesc.ServiceName, grpc_health_v1.HealthCheckResponse_SERVING)
	server := grpc.NewServer()
	troupev1.RegisterAgentServiceServer(server, svc)
	grpc_health_v1.RegisterHealthServer(server, healthServer)
	reflection.Register(server)

	listener, err := net.Listen("tcp", or(os.Getenv("TROUPE_LISTEN"), "127.0.0.1:0"))
	if err != nil {
		return err
	}
	serving := make(chan error, 1)
	go func() { serving <- server.Serve(listener) }()
	fmt.Printf("{\"ready\":true,\"address\":%q}\n", listener.Addr())

	me := &troupev1.RegisterRequest{
		AgentId:    card.Id,
		InstanceId: card.InstanceId,
		Address:    or(os.Getenv("TROUPE_ADVERTISE"), fmt.Sprintf(":%d", listener.Addr().(*net.TCPAddr).Port)),
	}
	var announcing sync.WaitGroup
	leave := make(chan struct{})
	for orchestrator := range strings.SplitSeq(os.Getenv("TROUPE_ORCHESTRATORS"), ",") {
		if orchestrator = strings.TrimSpace(orchestrator); orchestrator != "" {
			announcing.Go(func() { announce(orchestrator, me, leave) })
		}
	}

	select {
	case err := <-serving:
		return err
	case <-asked.Done():
	}
	healthServer.Shutdown()
	grace, cancel := context.WithTimeout(context.Background(), drainGrace)
	defer cancel()
	if err := svc.drain(grace); err != nil {
		slog.Warn("not all tasks ended: cutting them off", "after", drainGrace)
	}
	// Not before: an orchestrator lets go of an instance that has left, and of what it had in flight.
	close(leave)
	announcing.Wait()
	// Watchers of our health stay as long as they are let.
	cut := time.AfterFunc(closeGrace, server.Stop)
	defer cut.Stop()
	server.GracefulStop()
	return <-serving
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
