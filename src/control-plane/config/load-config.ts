/** Loads `xingyun.yaml`: schema, defaults, and the rules that no schema can say. */
import { accessSync, constants } from 'node:fs';
import { isIPv4 } from 'node:net';
import { dirname, resolve } from 'node:path';
import { type Config, ConfigSchema } from '../../core/config.ts';
import { isWebhookSecret } from '../alerts/notification.ts';
import { checkAlerts } from './check-alerts.ts';
import { checkAnswers } from './check-answers.ts';
import { checkAuthorization } from './check-authorization.ts';
import { checkIssuers } from './check-issuers.ts';
import { checkTracing } from './check-tracing.ts';
import { displayName, ProblemList } from './config-error.ts';
import { readOperatorFile, refuseUnreadable, SMALL_FILE_MAX_BYTES } from './operator-file.ts';
import { createSchemaCheck } from './schema-check.ts';
import { readTlsFiles } from './tls-files.ts';
import { type OptionPath, YamlSource } from './yaml-source.ts';

const CONFIG_FILE_MAX_BYTES = 1_048_576;
/** 128 bits in hexadecimal are 32 characters, in base64 22; less can be guessed. */
const TOKEN_MIN_CHARACTERS = 22;

export interface LoadedConfig {
  /** Absolute path; undefined where the defaults apply without a file. */
  readonly file: string | undefined;
  /** Every default filled in, every file path absolute. */
  readonly config: Config;
}

const checkSchema = createSchemaCheck(ConfigSchema);

/**
 * Reads, checks and completes a configuration file. Relative paths in it start at its folder.
 *
 * @throws ConfigError with every problem that the schema sees, or else every one that the cross
 *   checks see
 */
export function loadConfig(file: string): LoadedConfig {
  const path = resolve(file);
  const source = YamlSource.read(path, CONFIG_FILE_MAX_BYTES);
  const problems = new ProblemList();
  const isFileNamed = namesRegistryFile(source.value);
  const config = checkSchema(source, problems);
  if (config !== undefined) {
    resolvePaths(config, dirname(path));
    const report: Report = (option, message) => problems.add(source.problem(option, message));
    // The default need not be there where a database holds the registry.
    if (isFileNamed || config.registry.store === 'file') {
      checkReadable(config.registryFile, ['registryFile'], report);
    }
    checkAcross(config, report);
  }
  problems.throwIfAny();
  return { file: path, config: config! };
}

/** Every option at its default; files are looked for below `folder`. Checks no file. */
export function defaultConfig(folder: string = process.cwd()): LoadedConfig {
  const problems = new ProblemList();
  const config = checkSchema(YamlSource.parse('the defaults', ''), problems);
  problems.throwIfAny();
  resolvePaths(config!, resolve(folder));
  return { file: undefined, config: config! };
}

/** Asked before the defaults are filled in. */
function namesRegistryFile(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'registryFile' in value;
}

function resolvePaths(config: Config, folder: string): void {
  config.registryFile = resolve(folder, config.registryFile);
  config.stateDir = resolve(folder, config.stateDir);
  const { listener, admin, alerts, answers, events, idempotency } = config;
  const { redis, registry, telemetry, tokens } = config;
  if (admin.tokenFile !== undefined) admin.tokenFile = resolve(folder, admin.tokenFile);
  if (admin.operatorsFile !== undefined) {
    admin.operatorsFile = resolve(folder, admin.operatorsFile);
  }
  for (const option of ['postgresUrlFile', 'secretKeyFile'] as const) {
    const file = registry[option];
    if (file !== undefined) registry[option] = resolve(folder, file);
  }
  if (redis.urlFile !== undefined) redis.urlFile = resolve(folder, redis.urlFile);
  if (idempotency.postgresUrlFile !== undefined) {
    idempotency.postgresUrlFile = resolve(folder, idempotency.postgresUrlFile);
  }
  if (events.publisherTokenFile !== undefined) {
    events.publisherTokenFile = resolve(folder, events.publisherTokenFile);
  }
  if (telemetry.accessLogFile !== undefined) {
    telemetry.accessLogFile = resolve(folder, telemetry.accessLogFile);
  }
  const { tracing } = telemetry;
  if (tracing.headersFile !== undefined) {
    tracing.headersFile = resolve(folder, tracing.headersFile);
  }
  for (const issuer of tokens.issuers) {
    if (issuer.jwksFile !== undefined) issuer.jwksFile = resolve(folder, issuer.jwksFile);
  }
  if (alerts.webhook !== undefined) {
    alerts.webhook.secretFile = resolve(folder, alerts.webhook.secretFile);
  }
  for (const key of answers.keys) key.privateKeyFile = resolve(folder, key.privateKeyFile);
  for (const key of payloadKeysOf(config)) {
    if (!key.reference.startsWith(FILE)) continue;
    key.reference = `${FILE}${resolve(folder, key.reference.slice(FILE.length))}`;
  }
  if (listener.tls !== undefined) {
    const { certFile, keyFile, clientCaFile } = listener.tls;
    listener.tls.certFile = resolve(folder, certFile);
    listener.tls.keyFile = resolve(folder, keyFile);
    if (clientCaFile !== undefined) listener.tls.clientCaFile = resolve(folder, clientCaFile);
  }
}

/** How a reference to a key begins that is a path. */
const FILE = 'file:';

function payloadKeysOf({ transform }: Config) {
  return [...transform.ownKeys, ...transform.partnerKeys.flatMap(({ keys }) => keys)];
}

type Report = (option: OptionPath, message: string) => void;

function checkAcross(config: Config, report: Report): void {
  checkRegistry(config, report);
  checkRedis(config, report);
  checkIdempotency(config, report);
  checkTokens(config, report);
  checkIssuers(config, report);
  checkAnswers(config, report);
  checkAlerts(config, report);
  checkAuthorization(config, report);
  checkListener(config, report);
  checkTls(config, report);
  checkAccessLog(config, report);
  checkTracing(config, report);
}

function checkReadable(file: string, option: OptionPath, report: Report): void {
  const reason = refuseUnreadable(file);
  if (reason !== undefined) report(option, `names ${displayName(file)}, which ${reason}`);
}

function checkRegistry({ registry, admin }: Config, report: Report): void {
  const { store, postgresUrlFile, secretKeyFile } = registry;
  if ((store === 'postgres') !== (postgresUrlFile !== undefined)) {
    const message = 'goes with registry.store postgres, which cannot do without';
    report(['registry', 'postgresUrlFile'], message);
  }
  if (store === 'postgres' && secretKeyFile === undefined) {
    const message = 'is mandatory with registry.store postgres: the hosts share their secrets';
    report(['registry', 'secretKeyFile'], message);
  }
  for (const [option, file] of [
    [['registry', 'postgresUrlFile'], postgresUrlFile],
    [['registry', 'secretKeyFile'], secretKeyFile],
    [['admin', 'operatorsFile'], admin.operatorsFile],
  ] as const) {
    if (file !== undefined) checkReadable(file, option, report);
  }
}

function checkRedis({ policy, signatures, redis }: Config, report: Report): void {
  const { urlFile } = redis;
  const isUsed = policy.store === 'redis' || signatures.nonceStore === 'redis';
  if (isUsed && urlFile === undefined) {
    const message = 'is mandatory with policy.store redis and with signatures.nonceStore redis';
    report(['redis', 'urlFile'], message);
  }
  if (urlFile !== undefined) checkReadable(urlFile, ['redis', 'urlFile'], report);
}

function checkIdempotency({ idempotency }: Config, report: Report): void {
  const { store, postgresUrlFile } = idempotency;
  const option = ['idempotency', 'postgresUrlFile'];
  if ((store === 'postgres') !== (postgresUrlFile !== undefined)) {
    report(option, 'goes with idempotency.store postgres, which cannot do without');
  }
  if (postgresUrlFile !== undefined) checkReadable(postgresUrlFile, option, report);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function checkTokens({ admin, events, alerts }: Config, report: Report): void {
  const { tokenFile, operatorsFile } = admin;
  if (tokenFile === undefined && operatorsFile === undefined && !isLoopback(admin.host)) {
    const message = 'or admin.operatorsFile is mandatory where admin.host is outside loopback';
    report(['admin', 'tokenFile'], message);
  }
  const operator = checkToken(tokenFile, ['admin', 'tokenFile'], report);
  const option = ['events', 'publisherTokenFile'];
  const hookOption = ['alerts', 'webhook', 'secretFile'];
  const secret = checkToken(alerts.webhook?.secretFile, hookOption, report);
  if (secret !== undefined && !isWebhookSecret(secret)) {
    report(hookOption, 'must hold base64 of at least 16 bytes behind "whsec_"');
  }
  const publisher = checkToken(events.publisherTokenFile, option, report);
  if (publisher !== undefined && publisher === operator) {
    report(option, 'must hold another token than admin.tokenFile: it opens less');
  }
}

/** The token in a file; undefined where there is none or it is no good, which is reported. */
function checkToken(
  file: string | undefined,
  option: OptionPath,
  report: Report,
): string | undefined {
  if (file === undefined) return undefined;
  const { bytes, reason } = readOperatorFile(file, SMALL_FILE_MAX_BYTES);
  if (bytes === undefined) {
    report(option, `names ${displayName(file)}, which ${reason}`);
    return undefined;
  }
  const token = bytes.toString('utf8').trim();
  if (/^[\x21-\x7e]+$/.test(token) && token.length >= TOKEN_MIN_CHARACTERS) return token;
  const wanted = `at least ${TOKEN_MIN_CHARACTERS} visible ASCII characters`;
  report(option, `must hold a token of ${wanted}, and nothing else`);
  return undefined;
}

function checkListener({ listener, admin }: Config, report: Report): void {
  const areSame =
    listener.host === admin.host || isWildcard(listener.host) || isWildcard(admin.host);
  if (listener.port === admin.port && listener.port !== 0 && areSame) {
    report(['admin', 'port'], 'must differ from listener.port on the same address');
  }
  const authority = listener.publicAuthority;
  if (authority === undefined && isWildcard(listener.host)) {
    const wayOut =
      'set listener.publicAuthority to the host and port in the partners’ URLs: ' +
      'signatures are checked against it';
    report(['listener', 'host'], `is a wildcard, which is in no URL: ${wayOut}`);
  }
  for (const [part, given] of [
    ['listener', authority],
    ['admin', admin.publicAuthority],
  ] as const) {
    if (given === undefined || URL.canParse(`http://${given}`)) continue;
    const message = 'must be a valid host name or address, with a port of at most 65535';
    report([part, 'publicAuthority'], message);
  }
}

/** Every spelling of "all addresses" that binding accepts: `0`, `::0` and nothing at all too. */
function isWildcard(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (bare === '') return true;
  const url = `http://${bare.includes(':') ? `[${bare}]` : bare}`;
  if (!URL.canParse(url)) return false;
  return ['0.0.0.0', '[::]', '[::ffff:0:0]'].includes(new URL(url).hostname);
}

function checkTls({ listener: { tls } }: Config, report: Report): void {
  if (tls === undefined) return;
  const { certFile, keyFile, clientCaFile } = tls;
  readTlsFiles({ caFile: clientCaFile, certFile, keyFile }, ({ option, message }) => {
    report(['listener', 'tls', option === 'caFile' ? 'clientCaFile' : option], message);
  });
  if (tls.clientCertificate !== 'off' && clientCaFile === undefined) {
    const message = `is mandatory where clientCertificate is ${tls.clientCertificate}`;
    report(['listener', 'tls', 'clientCaFile'], message);
  }
}

function checkAccessLog({ telemetry: { accessLogFile } }: Config, report: Report): void {
  if (accessLogFile === undefined) return;
  try {
    accessSync(dirname(accessLogFile), constants.W_OK);
  } catch {
    report(['telemetry', 'accessLogFile'], 'must lie in a folder that exists and can be written');
  }
}
