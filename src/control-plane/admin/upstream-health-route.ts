/** `GET /v1/upstreams/{id}/health`: what this host knows of an upstream and its targets. */
import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import type { CircuitPhase } from '../../stores/health-contract.ts';
import type { ControlContext, Role } from './control-context.ts';

const READERS: readonly Role[] = ['viewer', 'operator', 'partner-manager', 'auditor'];

/** `ejected`: left out because its calls failed; `down`: because its health checks did. */
export type TargetState = 'up' | 'ejected' | 'down';

/** Instants are RFC 3339; what is absent is not configured or has not been. */
export interface TargetReport {
  readonly host: string;
  readonly port: number;
  readonly weight: number;
  readonly state: TargetState;
  /** Of all fronts; absent where neither checks nor outliers are configured. */
  readonly callsInFlight?: number;
  readonly ejectedUntil?: string;
  readonly lastCheck?: { readonly at: string; readonly failure?: string };
}

export interface UpstreamReport {
  readonly upstream: string;
  readonly circuit?: { readonly state: CircuitPhase; readonly openUntil?: string };
  readonly targets: readonly TargetReport[];
}

const params = Type.Object({
  id: Type.String({ description: 'Percent-encoded.', minLength: 1, maxLength: 1_024 }),
});

/** @param report undefined where fronts have no such upstream */
export function addUpstreamHealthRoute(
  app: FastifyInstance,
  context: ControlContext,
  report: (upstreamId: string) => UpstreamReport | undefined,
): void {
  app.get<{ Params: Static<typeof params> }>(
    '/v1/upstreams/:id/health',
    {
      config: { roles: READERS },
      schema: {
        tags: ['upstreams'],
        operationId: 'readUpstreamHealth',
        summary: 'What this host knows of an upstream: its circuit, and the state of its targets.',
        params,
      },
    },
    (request, reply) => {
      const { id } = request.params;
      const found = report(id);
      if (found !== undefined) return reply.send(found);
      return context.sendRefusals(reply, [
        { code: 'missing', kind: 'upstream', id, pointer: '', message: 'is not there' },
      ]);
    },
  );
}
