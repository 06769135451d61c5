/** Certificates and keys for TLS, tried before a listener or an upstream meets them. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
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
  if (material.ca !== undefined && parseCertificates(material.ca) === undefined) {
    report({ option: 'caFile', message: 'must name a file of PEM certificates' });
  }
  checkPair(material, report);
  return material;
}

function checkPair(material: TlsMaterial, report: (problem: TlsFileProblem) => void): void {
  const certificate = material.cert === undefined ? undefined : parseCertificates(material.cert);
  if (material.cert !== undefined && certificate === undefined) {
    report({ option: 'certFile', message: 'must name a file of PEM certificates' });
  }
  const key = material.key === undefined ? undefined : parsePrivateKey(material.key);
  if (material.key !== undefined && key === undefined) {
    report({ option: 'keyFile', message: 'must name an unencrypted PEM private key' });
  }
  if (certificate !== undefined && key !== undefined && !certificate.checkPrivateKey(key)) {
    report({ option: 'keyFile', message: 'does not belong to the certificate in certFile' });
  }
}

/** The first certificate of a PEM chain in which every one parses. */
function parseCertificates(pem: string): X509Certificate | undefined {
  const blocks = pem.match(CERTIFICATE) ?? [];
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
