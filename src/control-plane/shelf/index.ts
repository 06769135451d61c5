export { addShelfRoutes } from './routes.ts';
export type { ShelfOptions } from './shelf-desk.ts';
