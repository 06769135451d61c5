export { addShelfRoutes } from './routes.ts';
