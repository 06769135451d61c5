export { readTraceHeaders } from './check-tracing.ts';
export { ConfigError, type ConfigProblem } from './config-error.ts';
export { defaultConfig, loadConfig } from './load-config.ts';
export { readPayloadKeys } from './read-payload-keys.ts';
