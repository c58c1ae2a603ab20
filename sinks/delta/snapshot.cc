#include "snapshot.h"

namespace levada::delta {

void Snapshot::apply(const Action& action) {
  if (const auto* changed = std::get_if<Protocol>(&action)) protocol = *changed;
  if (const auto* changed = std::get_if<Metadata>(&action)) metadata = *changed;
  if (const auto* transaction = std::get_if<Transaction>(&action))
    transactions[transaction->application] = *transaction;
  if (const auto* domain = std::get_if<DomainMetadata>(&action)) {
    if (domain->is_removed) domains.erase(domain->domain);
    else domains[domain->domain] = *domain;
  }
}

}  // namespace levada::delta
