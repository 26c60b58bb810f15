"""What an archive has of the first questions: nothing. What the answers became goes along with what it is."""

from famulus.features.onboarding.tables import onboardings

STAYS = {onboardings.name: "where somebody was among the first questions of this server"}
