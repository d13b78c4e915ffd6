# libxent-mpi of each MPI: a library, a component of find_package(xent) and a pkg-config file of its own, so that each may be a package.
get_property(mpis GLOBAL PROPERTY XENT_MPIS)
foreach(mpi IN LISTS mpis)
  get_target_property(XENT_MPI_MODULE xent_mpi_${mpi} XENT_MPI_MODULE)
  set(XENT_MPI ${mpi})
  install(TARGETS xent_mpi_${mpi} xent_mpi_${mpi}_static EXPORT xent_mpi_${mpi}
    INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  install(EXPORT xent_mpi_${mpi} NAMESPACE xent:: FILE xent_mpi_${mpi}Targets.cmake DESTINATION "${package_dir}")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/xent_mpi.cmake.in" "${PROJECT_BINARY_DIR}/xent_mpi_${mpi}.cmake" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/xent_mpi_${mpi}.cmake" DESTINATION "${package_dir}")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/xent-mpi.pc.in" "${PROJECT_BINARY_DIR}/xent-mpi-${mpi}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/xent-mpi-${mpi}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endforeach()
