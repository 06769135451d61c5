/**
 * The page of the operator console at /console/: built files, read once and served from memory.
 * Nothing of the bank's is in them, so that everybody who reaches the listener may have them; what
 * they show comes from routes that ask who it is.
 */
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { adminProblem, sendProblem } from '../admin/problems.ts';

export const PAGE_PATH = '/console/';
const INDEX = 'index.html';

/** Scripts, styles and connections of this listener only, and nothing inline (CSP level 3). */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What the build makes; a file of another kind is not the page's. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** The bundle is a tenth of it: more than that is not what the build made. */
const PAGE_MAX_BYTES = 4 * 1_048_576;

/** The build puts a hash of the content into the names of what is in this folder. */
const HASHED_FOLDER = 'assets/';
const FOR_A_YEAR = 'public, max-age=31536000, immutable';

interface PageFile {
  readonly bytes: Buffer;
  readonly contentType: string;
  readonly cacheControl: string;
  /** Of RFC 9110 section 8.8.3, with its quotes. */
  readonly etag: string;
}

/**
 * Adds /console/ and what the page loads; /console redirects there. Where the folder is missing,
 * each answers 404 `missing` with how to build it.
 * @param folder of the built page
 * @throws Error where it holds what no build of the page makes
 */
export function addConsolePage(app: FastifyInstance, folder: string): void {
  const files = readPage(folder);
  const options = { config: { open: true }, schema: { hide: true } };
  app.get('/console', options, (_request, reply) => reply.redirect(PAGE_PATH, 308));
  app.get<{ Params: { '*': string } }>(`${PAGE_PATH}*`, options, (request, reply) => {
    if (files.size === 0) return sendNotBuilt(reply);
    const file = files.get(request.params['*'] || INDEX);
    return file === undefined ? sendNoSuchFile(reply) : sendFile(request, reply, file);
  });
}

/** Whether the folder holds a built page. */
export function hasPage(folder: string): boolean {
  return existsSync(join(folder, INDEX));
}

/** Files by their path below the folder; none where there is no page. */
function readPage(folder: string): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  if (!hasPage(folder)) return files;
  let total = 0;
  for (const name of globSync('**/*', { cwd: folder })) {
    const path = join(folder, name);
    if (!statSync(path).isFile()) continue;
    const file = readFile(path, name.replaceAll(sep, '/'));
    total += file.bytes.length;
    if (total > PAGE_MAX_BYTES) throw new Error(`${folder} has more than ${PAGE_MAX_BYTES} bytes`);
    files.set(name.replaceAll(sep, '/'), file);
  }
  return files;
}

function readFile(path: string, name: string): PageFile {
  const contentType = CONTENT_TYPES[extname(name)];
  if (contentType === undefined) throw new Error(`${path} is no part of the console's page`);
  const bytes = readFileSync(path);
  return {
    ...{ bytes, contentType },
    cacheControl: name.startsWith(HASHED_FOLDER) ? FOR_A_YEAR : 'no-cache',
    etag: `"${createHash('sha256').update(bytes).digest('base64url')}"`,
  };
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  reply.headers({
    'cache-control': file.cacheControl,
    'content-security-policy': PAGE_POLICY,
    etag: file.etag,
  });
  if (isKnown(request.headers['if-none-match'], file.etag)) return reply.code(304).send();
  return reply.header('content-type', file.contentType).send(file.bytes);
}

/** RFC 9110 section 13.1.2: compared weakly. */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map(tag => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}

function sendNotBuilt(reply: FastifyReply): FastifyReply {
  const how = 'The page is not built: run "npm run build:console", then start again.';
  return sendProblem(reply, adminProblem('missing', how));
}

function sendNoSuchFile(reply: FastifyReply): FastifyReply {
  return sendProblem(reply, adminProblem('missing', 'The page has no such file.'));
}
