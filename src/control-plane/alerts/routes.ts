/** `GET /v1/alerts`: each rule and the state of its alert (docs/alerts.md). */
import type { FastifyInstance } from 'fastify';
import type { Role } from '../admin/control-context.ts';
import type { AlertReport } from './alert-engine.ts';

const READERS: readonly Role[] = ['viewer', 'operator', 'partner-manager', 'auditor'];

export function addAlertRoutes(app: FastifyInstance, report: () => readonly AlertReport[]): void {
  app.get(
    '/v1/alerts',
    {
      config: { roles: READERS },
      schema: {
        tags: ['gateway'],
        operationId: 'listAlerts',
        summary: 'Each rule and the state of its alert, in the order of the configuration.',
      },
    },
    () => ({ alerts: report() }),
  );
}
