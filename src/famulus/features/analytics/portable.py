"""What of this goes along in an archive, and what does not."""

from famulus.features.analytics.tables import analytics_events, analytics_people

STAYS = {
    analytics_events.name: "how this server is used, for those who run it",
    analytics_people.name: "how this server may count somebody",
}
