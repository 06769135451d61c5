import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PUBLIC_AUTHORITY } from '../rig/gateway-files.ts';

/** A certificate for the benchmark's authority, P-256, valid for two days, in its own folder. */
export class SelfSigned implements Disposable {
  readonly certFile: string;
  readonly keyFile: string;
  private readonly folder: string;

  /** @throws Error where the openssl command is missing */
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'xingyun-bench-tls-'));
    this.certFile = join(this.folder, 'cert.pem');
    this.keyFile = join(this.folder, 'key.pem');
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const name = [`/CN=${PUBLIC_AUTHORITY}`, '-addext', `subjectAltName=DNS:${PUBLIC_AUTHORITY}`];
    const files = ['-keyout', this.keyFile, '-out', this.certFile];
    execFileSync('openssl', ['req', '-x509', '-days', '2', ...curve, ...files, '-subj', ...name], {
      stdio: 'pipe',
    });
  }

  get certificate(): string {
    return readFileSync(this.certFile, 'utf8');
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
