/** `POST /v1/keys/{id}/revoke`: at once, whoever is not asked first, in every front. */
import type { FastifyInstance } from 'fastify';
import { actorOf } from '../operators/operator-directory.ts';
import type { ChangeResult, RegistryWriter } from '../registry/desk-contract.ts';
import type { ControlPlane } from './control-plane.ts';
import { idParameter, sendMissing, sendRecord, writersOf } from './record-routes.ts';
import { type ActionBody, reasonBody, type WriteQuery, waitQuery } from './write-query.ts';

/** A revocation that is not in force yet is worth waiting for. */
const WAIT_DEFAULT_MS = 10_000;

const ATTEMPTS_MAX = 10;

interface Revocation {
  Params: { readonly id: string };
  Querystring: Pick<WriteQuery, 'wait'>;
  Body: ActionBody;
}

export function addKeyRoutes(app: FastifyInstance, control: ControlPlane): void {
  const { registry } = control;
  app.post<Revocation>(
    '/v1/keys/:id/revoke',
    {
      config: { roles: writersOf('key') },
      schema: {
        tags: ['keys'],
        operationId: 'revokeKey',
        summary: 'Revoke a key for good.',
        description:
          'Needs no version and no approval. Where `wait` is absent, the answer waits up to ' +
          `${WAIT_DEFAULT_MS} ms for every front to refuse the key.`,
        params: idParameter,
        querystring: waitQuery,
        body: reasonBody,
        response: { 200: { $ref: 'Key#', description: 'As it is now.' } },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { wait = WAIT_DEFAULT_MS } = request.query;
      const { reason = '' } = request.body;
      const principal = control.principalOf(request);
      const result = await revoke(registry, { actor: actorOf(principal), id, reason });
      if (result === undefined) return sendMissing(control, reply, 'key', id);
      if ('refusals' in result) return control.sendRefusals(reply, result.refusals);
      await control.confirm(reply, result.revision, wait);
      return sendRecord(reply, result.records[0]!);
    },
  );
}

/** Undefined where there is no such key. */
async function revoke(
  registry: RegistryWriter,
  { actor, id, reason }: { readonly actor: string; readonly id: string; readonly reason: string },
): Promise<ChangeResult | undefined> {
  for (let attempt = 1; ; attempt++) {
    const current = registry.get('key', id);
    if (current === undefined) return undefined;
    const body = { ...current.body, revoked: true };
    const change = { kind: 'key', id, ifVersion: current.version, body } as const;
    const result = await registry.change({
      actor,
      action: 'key.revoke',
      reason,
      changes: [change],
    });
    const isStale = 'refusals' in result && result.refusals[0]?.code === 'stale';
    // Somebody changed it in between: it is revoked as they left it.
    if (!isStale || attempt === ATTEMPTS_MAX) return result;
  }
}
