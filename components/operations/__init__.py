"""Operations on living jobs: trigger, pause, resume, and the first run of a new job."""
