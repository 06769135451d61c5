/** Certificates and keys for TLS, tried before a listener or an upstream meets them. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { displayName } from './config-error.ts';
import { readOperatorFile, SMALL_FILE_MAX_BYTES } from './operator-file.ts';

/** What is wrong with one of the files: which option names it, and why. */
export interface TlsFileProblem {
  readonly option: string;
  readonly message: string;
}

/** Absolute paths by option. */
export interface TlsFiles {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/** PEM texts by option, for what could be read. */
export interface TlsMaterial {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** What a reader may take for a certificate, whole or not. */
const CERTIFICATE_BEGIN = /-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/g;
/** As upstreams are spoken to. */
const MIN_VERSION = 'TLSv1.2';

/** Reads the files; each must hold what its option says, and the key must fit the certificate. */
export function readTlsFiles(
  files: TlsFiles,
  report: (problem: TlsFileProblem) => void,
): TlsMaterial {
  const read = (option: 'caFile' | 'certFile' | 'keyFile') => {
    const file = files[option];
    if (file === undefined) return undefined;
    const { bytes, reason } = readOperatorFile(file, SMALL_FILE_MAX_BYTES);
    if (bytes !== undefined) return bytes.toString('utf8');
    report({ option, message: `names ${displayName(file)}, which ${reason}` });
    return undefined;
  };
  const material = { ca: read('caFile'), cert: read('certFile'), key: read('keyFile') };
  checkTlsMaterial(material, (part, message) => report({ option: `${part}File`, message }));
  return material;
}

/** Reports, with a verb phrase, each part that is not what it should be. */
export function checkTlsMaterial(
  { ca, cert, key }: TlsMaterial,
  report: (part: keyof TlsMaterial, message: string) => void,
): void {
  const authority = ca === undefined ? undefined : parseCertificates(ca);
  const certificate = cert === undefined ? undefined : parseCertificates(cert);
  const privateKey = key === undefined ? undefined : parsePrivateKey(key);
  if (ca !== undefined && authority === undefined) report('ca', NO_CERTIFICATES);
  if (cert !== undefined && certificate === undefined) report('cert', NO_CERTIFICATES);
  if (key !== undefined && privateKey === undefined) {
    report('key', 'must hold a PEM private key that is not encrypted');
  }
  if (authority !== undefined) tryParts('ca', { ca: ca! }, report);
  if (certificate === undefined || !tryParts('cert', { cert: cert! }, report)) return;
  if (privateKey === undefined) return;
  if (certificate.checkPrivateKey(privateKey)) tryParts('key', { cert: cert!, key: key! }, report);
  else report('key', 'does not belong to the certificate');
}

const NO_CERTIFICATES = 'must hold PEM certificates, every one of them whole';

/** Whether TLS takes them: a key that it finds too small would fail at each connection. */
function tryParts(
  last: keyof TlsMaterial,
  parts: Partial<Record<keyof TlsMaterial, string>>,
  report: (part: keyof TlsMaterial, message: string) => void,
): boolean {
  try {
    createSecureContext({ minVersion: MIN_VERSION, ...parts });
    return true;
  } catch (error) {
    const { reason = 'it cannot be read' } = error as { reason?: string };
    report(last, `cannot be used for TLS: ${reason}`);
    return false;
  }
}

/** The first certificate of a PEM chain in which every one parses. */
function parseCertificates(pem: string): X509Certificate | undefined {
  const blocks = pem.match(CERTIFICATE) ?? [];
  // What is not whole would end the reading of authorities in silence.
  if (blocks.length !== pem.match(CERTIFICATE_BEGIN)?.length) return undefined;
  try {
    return blocks.map(block => new X509Certificate(block))[0];
  } catch {
    return undefined;
  }
}

function parsePrivateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
