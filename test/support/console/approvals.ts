/** Changes that wait for a second person, as the mock gateway has them. */
import type { FastifyInstance } from 'fastify';

const PATH = '/v1/approvals';

interface Decision {
  Params: { id: string; decision: string };
  Body: { reason: string };
}

function waiting(id: string, requestedBy: string, key: string) {
  return {
    ...{ id, requestedBy, state: 'pending', action: 'key.create' },
    ...{ requestedAt: '2026-11-28T00:12:00.000Z', expiresAt: '2026-12-05T00:12:00.000Z' },
    reason: 'Rotation before the old key ends',
    rules: [{ rule: 'production-credentials', kind: 'key', id: key }],
    changes: [
      {
        ...{ kind: 'key', id: key, ifVersion: 0 },
        body: {
          app: 'merchant-hub',
          algorithm: 'ed25519',
          publicKey: `-----BEGIN PUBLIC KEY-----\n${'A'.repeat(60)}`,
        },
      },
    ],
  };
}

/** The second one was asked for by whom the mock gateway signs in. */
export function addApprovals(app: FastifyInstance, note: (asked: string, why: string) => void) {
  const items = [
    waiting('apr-1', 'chen.yu', 'merchant-hub-2027'),
    waiting('apr-2', 'liu.wei', 'payroll-cloud-2027'),
  ];
  app.get(PATH, () => ({ items }));
  app.post<Decision>(`${PATH}/:id/:decision`, ({ params: { id, decision }, body }) => {
    note(`POST ${PATH}/${id}/${decision}`, body.reason);
    items.splice(0, items.length, ...items.filter(item => item.id !== id));
    return {};
  });
}
