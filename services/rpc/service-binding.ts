import type { DescService } from '@bufbuild/protobuf';
import { file_google_rpc_error_details } from '../../gen/google/rpc/error_details_pb.js';
import { Health } from '../../gen/grpc/health/v1/health_pb.js';
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as ServerReflectionAlpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.js';
import { type Codecs, methodPath } from './codec.ts';
import type { Handlers } from './handlers.ts';
import { type HealthOwner, ServingStatus } from './health.ts';
import { reflectionHandlers } from './reflection.ts';

/** A service with its implementation, for whichever door it is served through. */
export interface ServiceBinding {
  readonly service: DescService;
  readonly handlers: Handlers<DescService>;
  /** How its messages are read and written where that is by gRPC. Default: by protobuf-es. */
  readonly codecs?: Codecs | undefined;
}

/** Binds an implementation to its service; the compiler holds the two against each other. */
export function bind<S extends DescService>(
  service: S,
  handlers: Handlers<S>,
  codecs?: Codecs,
): ServiceBinding {
  return { service, handlers: handlers as unknown as Handlers<DescService>, codecs };
}

/**
 * The services, each told SERVING, and beside them what every server of ours has: health, and reflection v1
 * and v1alpha.
 */
export function withHealthAndReflection(
  bindings: readonly ServiceBinding[],
  health: HealthOwner,
): ServiceBinding[] {
  for (const { service } of bindings) health.set(service.typeName, ServingStatus.SERVING);
  const described = [...bindings.map(({ service }) => service), Health];
  const reflection = reflectionHandlers(described, [file_google_rpc_error_details]);
  return [
    ...bindings,
    bind(Health, health.handlers),
    bind(ServerReflection, reflection.v1),
    bind(ServerReflectionAlpha, reflection.v1alpha),
  ];
}

/** The paths of the methods that go both ways. */
export function linkPaths(bindings: readonly ServiceBinding[]): ReadonlySet<string> {
  const methods = bindings.flatMap(({ service }) => service.methods);
  return new Set(methods.filter(({ methodKind }) => methodKind === 'bidi_streaming').map(methodPath));
}
