export { PublishGuard } from './publish-guard.ts';
export { addShelfRoutes } from './routes.ts';
