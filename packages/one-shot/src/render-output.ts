import type { BotIdentity, IssuedOutput } from "@bot-join/join";
import { type OutputFiles, type OutputIdentity, renderIdentityOutput } from "@bot-join/outputs";
import type { Run } from "./context.ts";
import type { Issued } from "./issue.ts";
import { type KubernetesOutput, kubernetesBase } from "./kubernetes-base.ts";
import type { PlannedOutput } from "./plan.ts";
import { directoryOf, hasSshConfig } from "./plan-paths.ts";
import { sshTarget } from "./ssh-target.ts";

/** The file of the PKCS#12 form. */
const pkcs12File = "keystore.p12";

/** What every output is rendered from. */
export interface RenderContext {
  run: Run;
  bot: BotIdentity;
  issued: Issued;
}

/** Renders the files of one output. What only some outputs need is loaded when one needs it. */
export async function renderOutput(
  context: RenderContext,
  planned: PlannedOutput,
  output: IssuedOutput,
): Promise<OutputFiles> {
  const files = await renderFiles(context, planned, output);
  if (planned.pkcs12 === undefined || !("certificates" in output)) return files;
  const { renderPkcs12 } = await import("@bot-join/outputs/renderers");
  const { host, db } = context.issued.authorities;
  // Of a database the client may meet the proxy's certificate as well as the server's own (proxy-transport.md section 6.3).
  const authorities = output.type === "database" ? [...host, ...db] : host;
  const { privateKeyPem, tlsCertificate } = output.certificates;
  const caCertificates = authorities.flatMap(({ tlsCertificates }) => tlsCertificates);
  const alias = planned.name ?? context.bot.identity.botName;
  return files.set(
    pkcs12File,
    renderPkcs12({ privateKeyPem, tlsCertificate, caCertificates }, planned.pkcs12.password, alias),
  );
}

async function renderFiles(
  context: RenderContext,
  planned: PlannedOutput,
  output: IssuedOutput,
): Promise<OutputFiles> {
  const { run, bot, issued } = context;
  const { authorities } = issued;
  if (output.type === "identity" && planned.type === "identity") {
    const directory = hasSshConfig(planned) ? directoryOf(planned) : undefined;
    const target =
      directory === undefined ? undefined : sshTarget(run, directory, planned.cluster, bot, issued);
    return renderIdentityOutput({ ...output.certificates, authorities }, target);
  }
  const renderers = await import("@bot-join/outputs/renderers");
  if ("certificates" in output) {
    return renderRouted(context, planned, output, { ...output.certificates, authorities }, renderers);
  }
  switch (output.type) {
    case "ssh_host":
      return renderers.renderSshHostOutput({
        privateKeyPem: output.privateKeyPem,
        certificate: output.sshCertificate,
        userAuthorities: authorities.user,
        cluster: bot.identity.cluster,
      });
    case "workload-identity-x509":
      return renderers.renderWorkloadX509Output({
        privateKeyPem: output.privateKeyPem,
        certificateChainPem: output.certificateChainPem,
        bundlePem: ownAuthorities(issued, bot),
        federatedBundlesPem: [],
        crlPem: [],
      });
    case "workload-identity-jwt":
      return renderers.renderWorkloadJwtOutput(output.jwt);
  }
}

type Renderers = typeof import("@bot-join/outputs/renderers");

function renderRouted(
  { run, bot, issued }: RenderContext,
  planned: PlannedOutput,
  output: Extract<IssuedOutput, { certificates: unknown }>,
  identity: OutputIdentity,
  renderers: Renderers,
): OutputFiles {
  const base = (kubernetes: KubernetesOutput) => kubernetesBase(run, kubernetes, bot, issued, renderers);
  const contextName = ({ contextNameTemplate }: KubernetesOutput, kubeName: string): string =>
    renderers.expandContextName(contextNameTemplate, { clusterName: bot.identity.cluster, kubeName });
  if (planned.type === "application") return renderers.renderApplicationOutput(identity, planned);
  if (planned.type === "database") return renderers.renderDatabaseOutput(identity, planned);
  if (planned.type === "kubernetes" && output.type === "kubernetes") {
    const kubeCluster = output.kubernetesCluster;
    return renderers.renderKubernetesOutput(identity, {
      ...base(planned),
      kubeCluster,
      contextName: contextName(planned, kubeCluster),
    });
  }
  if (planned.type === "kubernetes/v2" && output.type === "kubernetes/v2") {
    return renderers.renderKubernetesV2Output(identity, {
      ...base(planned),
      clusters: output.kubernetesClusters.map(({ name, defaultNamespace }) => ({
        name,
        contextName: contextName(planned, name),
        namespace: defaultNamespace,
      })),
    });
  }
  throw new TypeError(`certificates of a ${output.type} output for a ${planned.type} output`);
}

/** The trust bundle of the local trust domain alone. */
function ownAuthorities({ authorities }: Issued, { identity }: BotIdentity): string[] {
  return authorities.spiffe
    .filter(({ clusterName }) => clusterName === identity.cluster)
    .flatMap(({ tlsCertificates }) => tlsCertificates);
}
