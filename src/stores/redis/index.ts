/** What hosts of a fleet share in one Redis. */
export { RedisConnection } from './connection.ts';
export { RedisLimitStore } from './limits/redis-limit-store.ts';
export { RedisNonceStore } from './nonces/redis-nonce-store.ts';
