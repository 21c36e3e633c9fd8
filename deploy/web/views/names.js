// The names of categories, branches and partners, for filters and assignments.
//
// The services have no list of categories. So those of the caller's requests are counted, and a
// request of each tells its name.

import { countRequests, listPartners, listRequests, may } from "/web/api.js";
import { name } from "/web/ui.js";

const MOST = 50;
const GROUPS = {
  category: {
    groupBy: "PARTNER_REQUEST_GROUP_CATEGORY", ids: "categoryIds", of: (request) => request.category,
  },
  branch: {
    groupBy: "PARTNER_REQUEST_GROUP_BRANCH", ids: "branchIds", of: (request) => request.branch,
  },
};
const ALL_PARTNERS = 1_000;

/** For each kind, the ids with their names, in the order of the names. */
export async function namesOf(kinds) {
  const found = await Promise.all(kinds.map(async (kind) => {
    try {
      return [kind, await (kind === "partner" ? partnerNames() : namesIn(kind))];
    } catch {
      // what cannot be asked for now cannot be chosen now
      return [kind, []];
    }
  }));
  return Object.fromEntries(found);
}

async function namesIn(kind) {
  const { groupBy, ids, of } = GROUPS[kind];
  const { counts = [] } = await countRequests({ groupBy });
  const all = [...new Set(counts.map((count) => count.groupId).filter(Boolean))].slice(0, MOST);
  const named = await Promise.all(all.map(async (id) => {
    const answer = await listRequests({ filter: { [ids]: [id] }, pageSize: 1 });
    const reference = answer.partnerRequests?.map(of)[0];
    return [id, name(reference) || `${id}`];
  }));
  return named.toSorted(([, one], [, other]) => one.localeCompare(other));
}

async function partnerNames() {
  if (!may("partner_manage")) {
    return [];
  }
  const { partners = [] } = await listPartners({
    order: { field: "PARTNER_ORDER_FIELD_NAME", direction: "ORDER_DIRECTION_ASCENDING" },
    pageSize: ALL_PARTNERS,
  });
  return partners.map((partner) => [partner.partnerId, partner.name]);
}

/** The active partners with their branches, for an assignment. */
export async function partnersWithBranches() {
  const all = [];
  let pageToken = "";
  do {
    const answer = await listPartners({
      filter: { statuses: ["PARTNER_STATUS_ACTIVE"] },
      order: { field: "PARTNER_ORDER_FIELD_NAME", direction: "ORDER_DIRECTION_ASCENDING" },
      pageSize: 100,
      pageToken,
      includeBranches: true,
    });
    all.push(...(answer.partners ?? []));
    pageToken = answer.nextPageToken ?? "";
  } while (pageToken);
  return all;
}
