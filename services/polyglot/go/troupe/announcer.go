package troupe

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	troupev1 "github.com/troupe-mesh/troupe/services/polyglot/go/gen/troupe/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	firstBackoff      = 100 * time.Millisecond
	longestBackoff    = time.Second
	registerTimeout   = 5 * time.Second
	deregisterTimeout = time.Second
)

// announce keeps an instance announced to one orchestrator until leave is closed, while it drains too: it renews the lease at a third
// of it, and announces anew as soon as the connection breaks. Then it takes the instance off the roster.
func announce(orchestrator string, me *troupev1.RegisterRequest, leave <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-leave
		cancel()
	}()
	log := slog.With("orchestrator", orchestrator)
	// gRPC's own backoff between attempts to connect grows to two minutes.
	quick := backoff.Config{BaseDelay: firstBackoff, Multiplier: 2, Jitter: 0.2, MaxDelay: longestBackoff}
	conn, err := grpc.NewClient(orchestrator,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: quick}),
		grpc.WithNoProxy())
	if err != nil {
		log.Error("cannot be an orchestrator's address", "error", err)
		return
	}
	defer conn.Close()
	client := troupev1.NewOrchestratorServiceClient(conn)

	wait, announced := firstBackoff, false
	for ctx.Err() == nil {
		lease, err := register(client, me)
		if err != nil {
			if announced || wait == firstBackoff {
				log.Warn("not announced: trying again", "error", err)
			}
			announced = false
			pause(ctx, wait/2+rand.N(wait/2))
			wait = min(2*wait, longestBackoff)
			continue
		}
		if !announced {
			log.Info("announced")
		}
		wait, announced = firstBackoff, true
		renewal, cancel := context.WithTimeout(ctx, lease/3)
		conn.WaitForStateChange(renewal, connectivity.Ready)
		cancel()
	}

	farewell, cancel := context.WithTimeout(context.Background(), deregisterTimeout)
	defer cancel()
	request := &troupev1.DeregisterRequest{AgentId: me.AgentId, InstanceId: me.InstanceId}
	if _, err := client.Deregister(farewell, request); err != nil {
		// It is left to its lease.
		log.Warn("was not told that we leave", "error", err)
	}
}

// register is never cut short: a Register that is taken up after the Deregister would bring the instance back.
func register(client troupev1.OrchestratorServiceClient, me *troupev1.RegisterRequest) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), registerTimeout)
	defer cancel()
	response, err := client.Register(ctx, me)
	return response.GetLease().AsDuration(), err
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
